"""Routes that check who asks, and refuse query parameters they do not know: an ignored filter shows too much."""

from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response

from flock.errors import UnknownNameError
from flock.server.holder import grant_of
from flock.server.json_response import StrictRoute
from flock.server.refusals import RequestError
from flock.server.scopes import check_scopes, needed_scopes
from flock.tokens import Scope

MAX_SHOWN_CHARS = 40


class ApiRoute(StrictRoute):
    """A strict route for those who have the scopes it needs, with query parameters that all have to be known.

    Making one raises `ConfigurationError` where it changes something and does not say what it needs. A request raises
    `ScopeError` or `RequestError`, before its body is looked at.
    """

    @property
    def scopes(self) -> frozenset[Scope]:
        """What a token needs for it, all of them."""
        return needed_scopes(self.methods or (), self.openapi_extra, path=self.path)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the strict route."""
        handler = super().get_route_handler()
        needed = self.scopes
        known = frozenset(parameter.alias for parameter in self.dependant.query_params)

        async def knowing(request: Request) -> Response:
            check_scopes(grant_of(request.scope), needed)
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
