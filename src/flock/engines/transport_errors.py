"""What aiohttp's exceptions mean, as `ModelError`s that say what to do."""

import errno
import socket

import aiohttp
from yarl import URL

from flock.errors import DeadlineError, ModelError, TransportError

_OLLAMA_PORT = 11434


def transport_error(exc: aiohttp.ClientError, url: URL, *, connect_timeout_s: float, chars: int) -> ModelError:
    """Give the error for a connection to `url` that was not made, or broke after `chars` characters of an answer."""
    host = url.host_port_subcomponent
    match exc:
        case aiohttp.ConnectionTimeoutError():
            return DeadlineError(f"No connection to {host} within {connect_timeout_s:g} s.", retryable=True)
        case aiohttp.ClientConnectorDNSError():
            return TransportError(
                f"The host {url.host!r} was not found.",
                retryable=_error_number(exc) == socket.EAI_AGAIN,
                hint="Is base_url right, and the network up?",
            )
        case aiohttp.ClientSSLError():
            reason = exc.os_error.strerror or exc.os_error
            return TransportError(f"No secure connection to {host}: {reason}.", hint=_tls_hint(exc))
        case aiohttp.ClientConnectorError():
            is_refused = _error_number(exc) == errno.ECONNREFUSED
            reason = "it was refused" if is_refused else exc.strerror or type(exc.os_error).__name__
            return TransportError(f"No connection to {host}: {reason}.", retryable=True, hint=_connect_hint(url))
        case aiohttp.ClientResponseError():
            reason = exc.message.partition("\n")[0][:100].rstrip(":")
            return TransportError(f"The model server at {host} did not answer in proper HTTP: {reason}.")
        case aiohttp.InvalidURL():
            return TransportError(f"{host!r} is no address of a server.", hint="Is base_url right?")
        case _:
            return TransportError(
                f"The connection to {host} broke after {chars:,} characters of the answer.", retryable=True
            )


def _error_number(exc: aiohttp.ClientConnectorError) -> int | None:
    cause = exc.os_error.__cause__
    return cause.errno if isinstance(cause, socket.gaierror) else exc.os_error.errno


def _connect_hint(url: URL) -> str:
    if url.port == _OLLAMA_PORT:
        return "Is Ollama running? Start it with `ollama serve`."
    return "Is a server running there, and base_url right?"


def _tls_hint(exc: aiohttp.ClientSSLError) -> str:
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        return "The server's certificate is not trusted here; SSL_CERT_FILE may name a file of further authorities."
    return "Does the server speak TLS at all? If not, base_url begins with http://."
