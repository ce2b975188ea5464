"""Why the server ends a live connection: the one table of close codes, for WebSocket and SSE alike."""

from typing import NamedTuple


class Close(NamedTuple):
    """A close code; `reconnect` says whether coming back with the last cursor makes sense."""

    code: int
    name: str
    reconnect: bool


NORMAL = Close(1000, "normal", False)
GOING_AWAY = Close(1001, "going away", True)
BROKEN = Close(1002, "protocol error", False)
FAULT = Close(1011, "internal error", True)
MALFORMED = Close(4400, "malformed", False)
NOT_AUTHORISED = Close(4401, "not authorised", False)
REFUSED = Close(4403, "origin or host refused", False)
OUT_OF_SCOPE = Close(4406, "scope missing", False)
STALLED = Close(4408, "stalled", True)
TOO_LARGE = Close(4413, "message too large", False)
TOO_MANY = Close(4429, "too many viewers", True)

CLOSES = (
    NORMAL,
    GOING_AWAY,
    BROKEN,
    FAULT,
    MALFORMED,
    NOT_AUTHORISED,
    REFUSED,
    OUT_OF_SCOPE,
    STALLED,
    TOO_LARGE,
    TOO_MANY,
)
"""The table, as the API's document shows it; pages that reconnect follow it."""


class Closing(Exception):  # noqa: N818 - an end, not an error
    """Raised where a viewer's connection is to be closed from this side."""

    def __init__(self, close: Close, reason: str | None = None) -> None:
        super().__init__(reason or close.name)
        self.close = close
        self.reason = reason or close.name


class Gone(Exception):  # noqa: N818 - an end, not an error
    """Raised where the other side has left."""
