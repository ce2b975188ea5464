"""What TLS is verified with: loaded once per process, however many engines there are."""

import os
import ssl
import threading
from functools import lru_cache

_LOADING = threading.Lock()


def tls_context() -> ssl.SSLContext:
    """Give the context with the system's authorities, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

    Loading takes 30 ms the first time: to be called in a thread.
    """
    with _LOADING:
        return _load(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _load(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Load what OpenSSL finds by these variables of the environment."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
