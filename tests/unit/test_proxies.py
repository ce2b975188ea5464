"""Proxies come from the environment; servers on this machine have none."""

import pytest
from yarl import URL

from flock.engines.proxies import proxy_for


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


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
        ({"ALL_PROXY": "http://p:3128"}, "https://models.example/v1", "http://p:3128"),
    ],
)
def test_the_proxy_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert proxy_for(URL(url)) == (URL(proxy) if proxy else None)
