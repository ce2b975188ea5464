"""Routes that refuse query parameters they do not know: a filter that is ignored shows too much."""

from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response

from flock.errors import UnknownNameError
from flock.server.json_response import StrictRoute
from flock.server.refusals import RequestError

MAX_SHOWN_CHARS = 40


class ApiRoute(StrictRoute):
    """A strict route whose query parameters all have to be known; raises `RequestError`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the strict route."""
        handler = super().get_route_handler()
        known = frozenset(parameter.alias for parameter in self.dependant.query_params)

        async def knowing(request: Request) -> Response:
            check_query_names(request.query_params, known)
            return await handler(request)

        return knowing


def check_query_names(names: Iterable[str], known: Collection[str]) -> None:
    """Raise `RequestError` for the first name that is not known."""
    for name in names:
        if name not in known:
            shown = name[:MAX_SHOWN_CHARS]
            error = UnknownNameError.of("query parameter", shown, known)
            issue = {"path": f"query.{shown}", "message": error.message}
            raise RequestError(error.message, issues=[issue], hint=error.hint or "This path takes none.")
