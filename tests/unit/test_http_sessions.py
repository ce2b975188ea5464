"""Each event loop has a session of its own; proxies come from the environment."""

import asyncio

import aiohttp
import pytest
from yarl import URL

from flock.engines.http_sessions import HttpSessions, proxy_for


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_session_is_closed_when_its_loop_ends() -> None:
    sessions = HttpSessions(connect_timeout_s=1)

    async def get() -> aiohttp.ClientSession:
        assert await sessions.get() is await sessions.get()
        return await sessions.get()

    first, second = asyncio.run(get()), asyncio.run(get())

    assert first is not second
    assert first.closed
    assert second.closed


async def test_after_closing_there_is_a_new_session() -> None:
    sessions = HttpSessions(connect_timeout_s=1)
    first = await sessions.get()
    await sessions.aclose()
    second = await sessions.get()

    assert first.closed
    assert not second.closed
    await sessions.aclose()


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://models.example/v1", None),
        ({"https_proxy": "http://p:3128"}, "https://models.example/v1", "http://p:3128"),
        ({"https_proxy": "http://p:3128"}, "http://models.example/v1", None),
        ({"HTTP_PROXY": "p:3128"}, "http://models.example/v1", "http://p:3128"),
        ({"all_proxy": "http://p:3128"}, "https://models.example/v1", "http://p:3128"),
        ({"https_proxy": "http://p:3128", "no_proxy": ".example"}, "https://models.example/v1", None),
        ({"https_proxy": "http://p:3128", "no_proxy": "*"}, "https://models.example/v1", None),
        ({"http_proxy": "http://p:3128"}, "http://localhost:11434/v1", None),
        ({"http_proxy": "http://p:3128"}, "http://127.0.0.1:11434/v1", None),
        ({"http_proxy": "http://p:3128"}, "http://[::1]:11434/v1", None),
    ],
)
def test_the_proxy_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert proxy_for(URL(url)) == (URL(proxy) if proxy else None)
