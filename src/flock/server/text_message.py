"""What of a frame goes over a WebSocket: one text message, its headers included, in pieces."""

from websockets.frames import Frame as Fragment
from websockets.frames import Opcode

from flock.events import Format
from flock.frame import Frame
from flock.server.connection import PIECE_BYTES


def text_message(frame: Frame, format: Format) -> tuple[bytes, ...]:
    """Give a frame as a text message with its headers, in fragments where it is long."""
    payload = frame.encode(format)
    pieces: list[bytes] = []
    start, length = 0, len(payload)
    while start < length:
        end = piece_end(payload, start)
        piece = Fragment(Opcode.CONT if start else Opcode.TEXT, payload[start:end], fin=end == length)
        pieces.append(piece.serialize(mask=False))
        start = end
    return tuple(pieces)


def piece_end(payload: bytes, start: int) -> int:
    """Give the end of the piece that begins at `start`: behind a comma where one is near, so that values stay whole."""
    limit = start + PIECE_BYTES
    if limit >= len(payload):
        return len(payload)
    return payload.rfind(b",", limit - PIECE_BYTES // 8, limit) + 1 or limit
