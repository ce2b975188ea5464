"""Exceptions of the HTTP library become errors that say what to do."""

import errno
import socket

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from flock.engines.transport_errors import transport_error
from flock.errors import DeadlineError, ModelError, TransportError

REFUSED = OSError(errno.ECONNREFUSED, "Connect call failed")


def key(host: str = "x", port: int = 80) -> ConnectionKey:
    return ConnectionKey(host, port, False, True, None, None, None)


def error_of(exc: aiohttp.ClientError, url: str = "http://models.example/v1") -> ModelError:
    return transport_error(exc, URL(url), connect_timeout_s=10, chars=1234)


def unresolved(number: int) -> aiohttp.ClientConnectorDNSError:
    failure = OSError(None, "Name does not resolve")
    failure.__cause__ = socket.gaierror(number, "Name does not resolve")
    return aiohttp.ClientConnectorDNSError(key(), failure)


def test_a_silent_ollama_has_a_hint() -> None:
    error = error_of(aiohttp.ClientConnectorError(key(), REFUSED), "http://localhost:11434/v1")

    assert str(error) == (
        "No connection to localhost:11434: it was refused. Is Ollama running? Start it with `ollama serve`."
    )


def test_other_failures_to_connect_say_their_reason() -> None:
    unreachable = OSError(errno.ENETUNREACH, "Network is unreachable")
    error = error_of(aiohttp.ClientConnectorError(key(), unreachable))

    assert error.message == "No connection to models.example: Network is unreachable."
    assert error.retryable


@pytest.mark.parametrize(("number", "is_retryable"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False)])
def test_a_name_that_does_not_exist_is_not_tried_again(number: int, is_retryable: object) -> None:
    error = error_of(unresolved(number))

    assert error.message == "The host 'models.example' was not found."
    assert error.retryable is is_retryable


def test_a_slow_connection_is_a_deadline() -> None:
    error = error_of(aiohttp.ConnectionTimeoutError())

    assert isinstance(error, DeadlineError)
    assert error.message == "No connection to models.example within 10 s."


@pytest.mark.parametrize(
    "exc", [aiohttp.ServerDisconnectedError(), aiohttp.ClientPayloadError(), aiohttp.ClientOSError()]
)
def test_a_broken_connection_says_how_much_arrived(exc: aiohttp.ClientError) -> None:
    error = error_of(exc)

    assert isinstance(error, TransportError)
    assert error.message == "The connection to models.example broke after 1,234 characters of the answer."
    assert error.retryable
