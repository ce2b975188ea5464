"""HTTP connections that are kept alive, one pool per event loop; the only place where aiohttp sessions are made."""

import asyncio
import urllib.request
from collections.abc import AsyncGenerator
from typing import NamedTuple

import aiohttp
from yarl import URL

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Kept(NamedTuple):
    scope: AsyncGenerator[aiohttp.ClientSession, None]
    session: aiohttp.ClientSession


class HttpSessions:
    """Give each event loop a session of its own, and close it when that loop ends.

    A program may run several loops one after the other (`asyncio.run` twice) or at once in several threads.
    Sessions have no connection limit, no cookies, no decompression and no timeout but that of connecting.
    """

    def __init__(self, *, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._kept: dict[asyncio.AbstractEventLoop, _Kept] = {}

    async def get(self) -> aiohttp.ClientSession:
        """Give the running loop's session; make it when there is none yet."""
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop)
        if kept is None or kept.session.closed:
            for other in [other for other in self._kept if other.is_closed()]:
                self._kept.pop(other, None)
            # A loop's last act is to close the asynchronous generators that began in it, and with them the session.
            scope = self._scope()
            kept = self._kept[loop] = _Kept(scope, await anext(scope))
        return kept.session

    async def aclose(self) -> None:
        """Close the running loop's connections; another loop's are closed when that loop ends."""
        kept = self._kept.pop(asyncio.get_running_loop(), None)
        if kept is not None:
            await kept.scope.aclose()

    async def _scope(self) -> AsyncGenerator[aiohttp.ClientSession, None]:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=2**16,
            max_field_size=2**16,
        )
        try:
            yield session
        finally:
            await session.close()


def proxy_for(url: URL) -> URL | None:
    """Give the proxy that the environment names for `url` (`HTTPS_PROXY`, `NO_PROXY`, …); loopback never has one.

    aiohttp's own `trust_env` would also look into `~/.netrc`, and refuse a request that carries an API key besides.
    """
    host = url.host or ""
    proxies = urllib.request.getproxies_environment()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or host in _LOOPBACK or urllib.request.proxy_bypass(host):
        return None
    return URL(proxy if "://" in proxy else f"http://{proxy}")
