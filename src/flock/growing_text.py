"""Text that only grows, in pieces: however long it becomes, what is there is never moved to a larger place."""

PIECE_BYTES = 2**14


class GrowingText:
    """UTF-8 text; `len` gives its bytes. Any earlier state is a prefix of it."""

    __slots__ = ("_pieces", "_pieces_bytes", "_tail")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._pieces_bytes = 0
        self._tail = bytearray()

    def __len__(self) -> int:
        return self._pieces_bytes + len(self._tail)

    def append(self, data: bytes) -> None:
        """Add valid UTF-8 at the end."""
        tail = self._tail
        tail += data
        if len(tail) >= PIECE_BYTES:
            self._pieces.append(bytes(tail))
            self._pieces_bytes += len(tail)
            self._tail = bytearray()

    def decode(self, length: int | None = None) -> str:
        """Give the text, or what its first `length` bytes hold, which must end between two characters."""
        return b"".join((*self._pieces, self._tail))[:length].decode()
