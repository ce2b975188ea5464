"""Which scopes a route needs: said where the route is made, checked before anything of a request is read."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flock.errors import ConfigurationError
from flock.server.refusals import ScopeError
from flock.tokens import Grant, Scope

SCOPES_KEY = "x-flock-scopes"
"""Where a route says it, and with it the OpenAPI document."""

READING: frozenset[Scope] = frozenset({"read"})
"""What every GET needs that says nothing else, and every WebSocket."""


def needs(*scopes: Scope) -> dict[str, Any]:
    """Make the `openapi_extra` of a route that needs all of these scopes."""
    return {SCOPES_KEY: sorted(scopes)}


def needed_scopes(methods: Collection[str], extra: Mapping[str, Any] | None, *, path: str) -> frozenset[Scope]:
    """Give what a route needs; raises `ConfigurationError` for one that changes something and does not say it."""
    said: Iterable[Scope] | None = (extra or {}).get(SCOPES_KEY)
    if said is not None:
        return frozenset(said)
    if not set(methods) <= {"GET", "HEAD"}:
        raise ConfigurationError(
            f"{', '.join(sorted(methods))} {path} does not say which scopes it needs.",
            hint='Make the route with openapi_extra=needs("publish"), or another scope.',
        )
    return READING


def check_scopes(grant: Grant, needed: frozenset[Scope]) -> None:
    """Raise `ScopeError` where a grant lacks one of the scopes."""
    if missing := needed - grant.scopes:
        shown = " and ".join(repr(scope) for scope in sorted(missing))
        word = "scopes" if len(missing) > 1 else "scope"
        raise ScopeError(f"This token lacks the {word} {shown}.", hint=f"Take one whose scopes include {shown}.")
