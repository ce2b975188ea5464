"""What goes wrong below an HTTP response, whoever speaks HTTP; `transport_errors` says it to people."""


class HttpError(Exception):
    """Base of all: there is no response, or not the rest of one."""


class ConnectTimeoutError(HttpError):
    """The connection was not made in time."""


class NoPlaceError(HttpError):
    """All connections were in use for as long as one could wait."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"all {limit} connections are in use")
        self.limit = limit


class NotConnectedError(HttpError):
    """No connection; the cause says why: an `OSError`, among them `socket.gaierror` and `ssl.SSLError`."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class BadAddressError(HttpError):
    """The address cannot be one of a server."""


class NotHttpError(HttpError):
    """What came is no HTTP; `reason` says what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BrokenResponseError(HttpError):
    """The connection ended before the response did."""
