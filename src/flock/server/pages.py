"""The pages a browser gets: the built dashboard, or the plain page where there is none, and the API's reference."""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response

from flock.server.settings import ServerSettings

logger = logging.getLogger(__name__)

HOME = "/"
DOCS = "/docs"
ASSETS = "/assets/"

FRESH = "no-cache"
"""To be asked for anew each time; an answer of 304 says that nothing changed."""

FOR_EVER = "public, max-age=31536000, immutable"
"""What the build names by its content never changes under its name."""

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

PLAIN = {HOME: "index.html", "/app.js": "app.js"}
REFERENCE = {DOCS: "docs.html", "/docs.js": "docs.js", "/flock.css": "flock.css"}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as browsers get it. None holds data, so none needs a token."""

    content: bytes
    media_type: str
    cache_control: str = FRESH

    @property
    def etag(self) -> str:
        """What tells this content from any other."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


def page_files(settings: ServerSettings) -> dict[str, PageFile]:
    """Read the files behind the paths that are served."""
    package = files("flock.server")
    reference = _named(package.joinpath("fallback"), REFERENCE)
    if not settings.dashboard:
        return reference
    built = {} if settings.plain_page else built_files(package.joinpath("static"))
    if built:
        return built | reference
    if not settings.plain_page:
        logger.warning("The dashboard is not built in this installation, so the plain page is served in its place.")
    return _named(package.joinpath("fallback"), PLAIN) | reference


def pages_router(pages: Mapping[str, PageFile]) -> APIRouter:
    """Make the routes, one for each file: what is not in the build is not there."""
    router = APIRouter()
    for path, page in pages.items():
        router.add_route(path, _showing(page), methods=["GET"], include_in_schema=False)
    return router


def _named(folder: Traversable, names: Mapping[str, str]) -> dict[str, PageFile]:
    return {path: _read(folder.joinpath(name), FRESH) for path, name in names.items()}


def built_files(folder: Traversable) -> dict[str, PageFile]:
    """Read what a build left in a folder; nothing where there is no build."""
    home = folder.joinpath("index.html")
    if not home.is_file():
        return {}
    assets = {ASSETS + file.name: _read(file, FOR_EVER) for file in _files_in(folder.joinpath("assets"))}
    return {HOME: _read(home, FRESH)} | assets


def _files_in(folder: Traversable) -> Iterator[Traversable]:
    if folder.is_dir():
        yield from (file for file in folder.iterdir() if file.is_file())


def _read(file: Traversable, cache_control: str) -> PageFile:
    media_type = MEDIA_TYPES.get(PurePosixPath(file.name).suffix, "application/octet-stream")
    return PageFile(file.read_bytes(), media_type, cache_control)


def _showing(page: PageFile) -> Callable[[Request], Awaitable[Response]]:
    etag = page.etag
    headers = {"content-type": page.media_type, "cache-control": page.cache_control, "etag": etag}

    async def show(request: Request) -> Response:
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if etag in known:
            return Response(status_code=304, headers={"cache-control": page.cache_control, "etag": etag})
        return Response(page.content, headers=headers)

    return show
