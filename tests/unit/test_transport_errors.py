"""What goes wrong below HTTP becomes errors that say what to do."""

import errno
import socket
import ssl

import pytest
from yarl import URL

from flock.engines.http_errors import (
    BadAddressError,
    BrokenResponseError,
    ConnectTimeoutError,
    HttpError,
    NoPlaceError,
    NotConnectedError,
    NotHttpError,
)
from flock.engines.transport_errors import transport_error
from flock.errors import DeadlineError, ModelError, TransportError

REFUSED = NotConnectedError(OSError(errno.ECONNREFUSED, "Connect call failed"))


def error_of(exc: HttpError, url: str = "http://models.example/v1") -> ModelError:
    return transport_error(exc, URL(url), connect_timeout_s=10, chars=1234)


def test_a_silent_ollama_has_a_hint() -> None:
    assert str(error_of(REFUSED, "http://localhost:11434/v1")) == (
        "No connection to localhost:11434: it was refused. Is Ollama running? Start it with `ollama serve`."
    )


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed"), "it was refused"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
def test_failures_to_connect_say_their_reason(cause: OSError, reason: str) -> None:
    error = error_of(NotConnectedError(cause))

    assert error.message == f"No connection to models.example: {reason}."
    assert error.retryable


@pytest.mark.parametrize(("number", "is_retryable"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False)])
def test_a_name_that_does_not_exist_is_not_tried_again(number: int, is_retryable: object) -> None:
    error = error_of(NotConnectedError(socket.gaierror(number, "Name does not resolve")))

    assert error.message == "The host 'models.example' was not found."
    assert error.retryable is is_retryable


@pytest.mark.parametrize(
    ("cause", "hint"),
    [(ssl.SSLCertVerificationError(1, "no authority"), "SSL_CERT_FILE"), (ssl.SSLError(1, "no TLS"), "http://")],
)
def test_tls_that_fails_is_not_tried_again(cause: ssl.SSLError, hint: str) -> None:
    error = error_of(NotConnectedError(cause))

    assert error.message == f"No secure connection to models.example: {cause.strerror}."
    assert error.hint is not None
    assert hint in error.hint
    assert not error.retryable


def test_a_slow_connection_is_a_deadline() -> None:
    error = error_of(ConnectTimeoutError())

    assert isinstance(error, DeadlineError)
    assert error.message == "No connection to models.example within 10 s."
    assert error.retryable


def test_a_full_pool_is_a_deadline_that_names_the_setting() -> None:
    error = error_of(NoPlaceError(1000))

    assert isinstance(error, DeadlineError)
    assert error.message == "All 1,000 connections to models.example were in use for 10 s."
    assert error.hint is not None
    assert "max_connections" in error.hint
    assert error.retryable


def test_what_is_no_http_says_why_in_short() -> None:
    error = error_of(NotHttpError("Invalid header:" + "x" * 1000))

    assert isinstance(error, TransportError)
    assert error.message.startswith(
        "The model server at models.example did not answer in proper HTTP: Invalid header:x"
    )
    assert len(error.message) < 200
    assert not error.retryable


def test_half_an_address_is_none() -> None:
    assert error_of(BadAddressError(), "http://256.1.1.1/v1").message == "'256.1.1.1' is no address of a server."


def test_a_broken_connection_says_how_much_arrived() -> None:
    error = error_of(BrokenResponseError())

    assert isinstance(error, TransportError)
    assert error.message == "The connection to models.example broke after 1,234 characters of the answer."
    assert error.retryable
