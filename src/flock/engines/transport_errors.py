"""What failures of connections mean, as `ModelError`s that say what to do."""

import errno
import socket
import ssl

from yarl import URL

from flock.engines.http_errors import (
    BadAddressError,
    ConnectTimeoutError,
    HttpError,
    NoPlaceError,
    NotConnectedError,
    NotHttpError,
)
from flock.errors import DeadlineError, ModelError, TransportError

_OLLAMA_PORT = 11434


def transport_error(exc: HttpError, url: URL, *, connect_timeout_s: float, chars: int) -> ModelError:
    """Give the error for a connection to `url` that was not made, or broke after `chars` characters of an answer."""
    host = url.host_port_subcomponent
    match exc:
        case ConnectTimeoutError():
            return DeadlineError(f"No connection to {host} within {connect_timeout_s:g} s.", retryable=True)
        case NoPlaceError():
            return DeadlineError(
                f"All {exc.limit:,} connections to {host} were in use for {connect_timeout_s:g} s.",
                retryable=True,
                hint="Raise the engine's max_connections, or run fewer agents at once.",
            )
        case NotConnectedError():
            return _not_connected(exc.cause, url)
        case NotHttpError():
            reason = exc.reason[:100].rstrip(":.")
            return TransportError(f"The model server at {host} did not answer in proper HTTP: {reason}.")
        case BadAddressError():
            return TransportError(f"{host!r} is no address of a server.", hint="Is base_url right?")
        case _:
            return TransportError(
                f"The connection to {host} broke after {chars:,} characters of the answer.", retryable=True
            )


def _not_connected(cause: OSError, url: URL) -> TransportError:
    host = url.host_port_subcomponent
    match cause:
        case socket.gaierror():
            return TransportError(
                f"The host {url.host!r} was not found.",
                retryable=cause.errno == socket.EAI_AGAIN,
                hint="Is base_url right, and the network up?",
            )
        case ssl.SSLError():
            return TransportError(f"No secure connection to {host}: {cause.strerror or cause}.", hint=_tls_hint(cause))
        case OSError(errno=errno.ECONNREFUSED):
            reason = "it was refused"
        case _:
            reason = cause.strerror or type(cause).__name__
    return TransportError(f"No connection to {host}: {reason}.", retryable=True, hint=_connect_hint(url))


def _connect_hint(url: URL) -> str:
    if url.port == _OLLAMA_PORT:
        return "Is Ollama running? Start it with `ollama serve`."
    return "Is a server running there, and base_url right?"


def _tls_hint(exc: ssl.SSLError) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return "The server's certificate is not trusted here; SSL_CERT_FILE may name a file of further authorities."
    return "Does the server speak TLS at all? If not, base_url begins with http://."
