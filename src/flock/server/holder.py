"""Who is behind a connection: the guard notes it once, and everything behind the guard asks here."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from flock.server.refusals import unauthorised
from flock.tokens import SCOPES, Grant
from flock.visibility import OPERATOR, Identity

HOLDER = "flock.holder"
"""Key in a scope's state."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever shows one token, or a session that was opened with it. `number` tells the tokens of a server apart."""

    number: int
    grant: Grant


SERVER_HOLDER = Holder(0, Grant(SCOPES, OPERATOR))
"""Who shows the server's own token, or comes in where none is needed: the operator."""


def note_holder(scope: Scope, holder: Holder | None) -> None:
    """Note who is behind a connection, None for a stranger."""
    scope.setdefault("state", {})[HOLDER] = holder


def holder_of(scope: Scope) -> Holder | None:
    """Say who is behind a connection, None for a stranger."""
    holder = scope.get("state", {}).get(HOLDER)
    return holder if isinstance(holder, Holder) else None


def grant_of(scope: Scope) -> Grant:
    """Say what a connection may do and see; raises `AuthError` for a stranger's."""
    holder = holder_of(scope)
    if holder is None:
        raise unauthorised()
    return holder.grant


async def _granted(request: Request) -> Grant:
    return grant_of(request.scope)


async def _identity(request: Request) -> Identity:
    return grant_of(request.scope).identity


Granted = Annotated[Grant, Depends(_granted)]
"""A parameter of routes: what the asker may do and see."""

Asker = Annotated[Identity, Depends(_identity)]
"""A parameter of routes: who asks, as the one rule of visibility wants to know it."""
