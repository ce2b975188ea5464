"""Reads one HTTP/1.1 response out of bytes, and pushes it into its receiver as it arrives; knows no sockets."""

from functools import lru_cache

import httptools
from multidict import CIMultiDict

from flock.engines.http_errors import BrokenResponseError, HttpError, NotHttpError
from flock.engines.http_exchange import Head, Receiver

MAX_HEAD_BYTES = 2**16
"""How much may come without a byte of the body: status line and headers together, or trailers."""

MAX_SIZE_DIGITS = 8
"""How long a chunk's size is at the most where it is recognised without the parser."""

HEX_DIGITS = b"0123456789abcdefABCDEF"

_LENIENT = {
    "lenient_headers": True,
    "lenient_optional_cr_before_lf": True,
    "lenient_spaces_after_chunk_size": True,
}
"""What clients overlook in responses: it endangers those who pass requests on, and flock passes none on."""


class ResponseReader:
    """Reads one response, those with status 1xx before it aside.

    `is_whole` tells that it has ended, `keeps_alive` whether its connection can take the next request then.
    """

    def __init__(self, receiver: Receiver) -> None:
        self.is_whole = False
        self.keeps_alive = False
        self._receiver = receiver
        self._pieces: list[bytes] = []
        self._pieces_of_response = 0
        self._head_bytes = 0
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._head: Head | None = None
        self._is_in_body = False
        self._has_body = False
        self._has_end = False
        self._is_behind_chunk = False
        self._is_between_chunks = False
        # What the parser calls is looked up once: a piece of the body goes straight onto the list.
        self.on_body = self._pieces.append
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_LENIENT)

    @property
    def ends_with_connection(self) -> bool:
        """Whether the response has no other end than that of its connection."""
        return self._is_in_body and not self._has_end

    def feed(self, data: bytes) -> None:
        """Take what arrived, and hand it on. Raises `HttpError` for what is broken, and what the receiver raises."""
        if self._is_between_chunks and (body := sole_chunk(data)):
            self._receiver.body(body)  # a token, mostly: the parser, which missed it, stands where it stood
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as exc:
            self._is_between_chunks = False
            self._hand_on(self._error(exc))
            return
        # The parser tells of the end of a line with a chunk's size, but not of its beginning.
        self._is_between_chunks = self._is_behind_chunk and self._is_in_body and data.endswith(b"\r\n")
        self._hand_on(self._check_bound(data))

    def close(self) -> None:
        """Let go of the parser, which holds this reader: otherwise its receiver would wait for the garbage collector.

        Nothing is fed after that.
        """
        del self._parser

    def on_message_begin(self) -> None:
        if self.is_whole:
            self.keeps_alive = False  # a response that nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        if not (self._is_in_body or self.is_whole):
            self._headers.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        headers, self._headers = self._headers, CIMultiDict()
        if status < 200 or self.is_whole:
            return
        self._is_in_body = True
        self._has_end = "Content-Length" in headers or _is_chunked(headers) or status in (204, 304)
        self._head = Head(status, headers)

    def on_chunk_header(self) -> None:
        self._is_behind_chunk = False

    def on_chunk_complete(self) -> None:
        self._is_behind_chunk = True

    def on_message_complete(self) -> None:
        if self._is_in_body:
            self._is_in_body = False
            self.is_whole = True
            self.keeps_alive = bool(self._parser.should_keep_alive())
            self._pieces_of_response = len(self._pieces)

    def _hand_on(self, error: HttpError | None) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._receiver.head(head)
        if self._pieces:
            body = self._take_body()
            if body:
                self._has_body = True
                self._receiver.body(body)
        if error is not None and not self.is_whole:
            raise error

    def _error(self, exc: Exception) -> HttpError:
        self.keeps_alive = False
        if self._has_body or self._pieces:
            return BrokenResponseError(f"the body is broken: {exc}")
        return NotHttpError("it changes the protocol" if isinstance(exc, httptools.HttpParserUpgrade) else str(exc))

    def _check_bound(self, data: bytes) -> HttpError | None:
        self._head_bytes = 0 if self._pieces else self._head_bytes + len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            return NotHttpError(f"its headers are larger than {MAX_HEAD_BYTES:,} bytes")
        return None

    def _take_body(self) -> bytes:
        pieces = self._pieces
        if self.is_whole:
            del pieces[self._pieces_of_response :]
            self._pieces_of_response = 0
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return body


def sole_chunk(data: bytes) -> bytes | None:
    """Give what the one whole chunk holds that these bytes are; None where they are anything else."""
    start = data.find(b"\n", 0, MAX_SIZE_DIGITS + 2) + 1
    if _size_of(data[:start]) + start + 2 == len(data) and data.endswith(b"\r\n"):
        return data[start:-2]
    return None


@lru_cache(maxsize=4096)
def _size_of(line: bytes) -> int:
    """Read the line before a chunk; -1 where that is left to the parser. Few differ: it costs less to remember them."""
    digits = line.removesuffix(b"\r\n")
    return -1 if digits == line or digits.strip(HEX_DIGITS) else int(digits or b"0", 16)


def _is_chunked(headers: CIMultiDict[str]) -> bool:
    return headers.get("Transfer-Encoding", "").lower().endswith("chunked")
