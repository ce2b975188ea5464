"""JSON responses, and the strict reading of JSON requests."""

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

_JSON = re.compile(r"application/(?:[a-z0-9.-]+\+)?json")


class Json(Response):
    """A JSON response. Infinities and NaN become null, lone surrogates question marks."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encode the body."""
        try:
            return msgspec.json.encode(content)
        except UnicodeEncodeError:
            return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


class StrictRequest(Request):
    """A request whose body must be JSON to the letter: no NaN, no lone surrogates, no deep nesting."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Decode the body; raises `HTTPException` 400."""
        try:
            return msgspec.json.decode(await self.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise HTTPException(400, f"The body is not JSON: {exc}.") from exc


class StrictRoute(APIRoute):
    """A route that reads its body strictly; raises `HTTPException` 415 for one that is not declared as JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the framework."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            reading = StrictRequest(request.scope, request.receive)
            kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
            if request.method == "POST" and not _JSON.fullmatch(kind) and await reading.body():
                raise HTTPException(415, f"The body is {kind or 'of no declared type'}, not JSON.")
            return await handler(reading)

        return strict
