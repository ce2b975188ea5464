"""The pages: the build where there is one, the plain page where there is none, and how long browsers may keep them."""

import logging
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from flock.server.pages import FOR_EVER, FRESH, HOME, PageFile, built_files, page_files, pages_router
from flock.server.settings import ServerSettings


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A small build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>built</title>")
    (tmp_path / "build.sha256").write_text("0" * 64)
    for name in ("index-a1.js", "index-b2.css", "text-c3.woff2", "owl-d4.svg", "odd-e5.xyz"):
        (tmp_path / "assets" / name).write_text(name)
    return tmp_path


def client(pages: dict[str, PageFile]) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.include_router(pages_router(pages))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def test_a_build_is_its_first_page_and_its_assets(build: Path) -> None:
    pages = built_files(build)
    assert set(pages) == {
        HOME,
        "/assets/index-a1.js",
        "/assets/index-b2.css",
        "/assets/text-c3.woff2",
        "/assets/owl-d4.svg",
        "/assets/odd-e5.xyz",
    }
    assert [page.cache_control for page in pages.values()] == [FRESH] + [FOR_EVER] * 5


@pytest.mark.parametrize("left", ["assets", "index.html"])
def test_half_a_build_is_none_and_a_page_without_assets_is_one(build: Path, left: str) -> None:
    if left == "assets":
        (build / "index.html").unlink()
        assert built_files(build) == {}
    else:
        for asset in (build / "assets").iterdir():
            asset.unlink()
        (build / "assets").rmdir()
        assert set(built_files(build)) == {HOME}


def test_where_nothing_was_built_there_is_nothing(tmp_path: Path) -> None:
    assert built_files(tmp_path / "static") == {}


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/assets/index-a1.js", "text/javascript; charset=utf-8"),
        ("/assets/index-b2.css", "text/css; charset=utf-8"),
        ("/assets/text-c3.woff2", "font/woff2"),
        ("/assets/owl-d4.svg", "image/svg+xml"),
        ("/assets/odd-e5.xyz", "application/octet-stream"),
    ],
)
async def test_every_file_says_what_it_is_and_how_long_it_may_be_kept(build: Path, path: str, media_type: str) -> None:
    async with client(built_files(build)) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == ("no-cache" if path == "/" else "public, max-age=31536000, immutable")


async def test_who_has_the_page_is_told_that_it_is_still_the_one(build: Path) -> None:
    async with client(built_files(build)) as http:
        etag = (await http.get("/")).headers["etag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}'):
            again = await http.get("/", headers={"if-none-match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        (build / "index.html").write_text("<title>built again</title>")
    async with client(built_files(build)) as http:
        new = await http.get("/", headers={"if-none-match": etag})
        assert (new.status_code, new.text) == (200, "<title>built again</title>")


async def test_what_is_not_in_the_build_is_not_there(build: Path) -> None:
    async with client(built_files(build)) as http:
        for path in ("/assets/", "/assets/index-a1.js/", "/assets/../index.html", "/assets/%2e%2e/build.sha256"):
            assert (await http.get(path)).status_code == 404, path
        assert (await http.get("/build.sha256")).status_code == 404


def test_the_plain_page_is_there_for_who_wants_it(caplog: pytest.LogCaptureFixture) -> None:
    pages = page_files(ServerSettings(dashboard=True, plain_page=True))
    assert set(pages) == {"/", "/app.js", "/docs", "/docs.js", "/flock.css"}
    assert b"make dashboard" in pages[HOME].content
    assert caplog.records == []


def test_without_the_dashboard_there_is_only_the_reference() -> None:
    assert set(page_files(ServerSettings())) == {"/docs", "/docs.js", "/flock.css"}


def test_a_missing_dashboard_is_told_and_replaced(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("flock.server.pages.built_files", lambda folder: built_files(tmp_path))
    with caplog.at_level(logging.WARNING, "flock"):
        pages = page_files(ServerSettings(dashboard=True))
    assert set(pages) == set(page_files(ServerSettings(dashboard=True, plain_page=True)))
    assert "not built" in caplog.text
