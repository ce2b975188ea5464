"""Which proxy the environment names for a server."""

import os
import urllib.request
from functools import cache

from yarl import URL

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def proxy_for(url: URL) -> URL | None:
    """Give the proxy that the environment names for `url` (`HTTPS_PROXY`, `NO_PROXY`, …); loopback never has one.

    aiohttp's own `trust_env` would also look into `~/.netrc`, and refuse a request that carries an API key besides.
    """
    if os.environ.keys().isdisjoint(_names(url.scheme)):
        return None  # the rule: reading the whole environment for every call would cost as much as sending it
    host = url.host or ""
    proxies = urllib.request.getproxies_environment()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or host in _LOOPBACK or urllib.request.proxy_bypass(host):
        return None
    return URL(proxy if "://" in proxy else f"http://{proxy}")


@cache
def _names(scheme: str) -> tuple[str, ...]:
    names = (f"{scheme}_proxy", "all_proxy")
    return (*names, *map(str.upper, names))
