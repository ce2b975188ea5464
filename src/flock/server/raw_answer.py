"""The answer to what is no request: written below the application, with the headers and the shape of all others."""

from http import HTTPStatus

from flock.server.guards import SECURITY_HEADERS
from flock.server.refusals import RefusedError, error_json


def raw_answer(error: RefusedError) -> bytes:
    """Give the bytes of a response that ends its connection."""
    body = bytes(error_json(error).body)
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        "cache-control": "no-store",
        **SECURITY_HEADERS,
    }
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    head = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n{lines}\r\n"
    return head.encode("ascii") + body
