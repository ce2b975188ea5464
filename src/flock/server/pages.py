"""The pages a browser gets: the fallback page that shows all streams, and the reference of the API."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import APIRouter, Request, Response

HOME = "/"
DOCS = "/docs"

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}


def page_files(*, dashboard: bool) -> dict[str, str]:
    """Give the file behind each path. None of them holds data, so none needs a token."""
    shared = {DOCS: "docs.html", "/docs.js": "docs.js", "/flock.css": "flock.css"}
    return {HOME: "index.html", "/app.js": "app.js", **shared} if dashboard else shared


def pages_router(*, dashboard: bool) -> APIRouter:
    """Make the routes; the dashboard's only where it is wanted."""
    router = APIRouter()
    for path, name in page_files(dashboard=dashboard).items():
        router.add_route(path, _showing(name), methods=["GET"], include_in_schema=False)
    return router


def _showing(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = files("flock.server").joinpath("fallback", name).read_bytes()
    kind = _TYPES[name.rpartition(".")[2]]
    headers = {"content-type": f"{kind}; charset=utf-8", "cache-control": "no-cache"}

    async def show(request: Request) -> Response:
        return Response(content, headers=headers)

    return show
