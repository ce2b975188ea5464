"""Joins that wait: which agents have some of what they need, and what they still wait for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from flock.errors import CursorError
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import JoinPage, described, errors
from flock.server.holder import Asker
from flock.server.json_response import Json
from flock.server.paging import Blank, Limit, PageCursor, Values, chosen


def joins_router(backend: Backend) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/joins", tags=["joins"], route_class=ApiRoute)

    @router.get("", responses=described(200, JoinPage, "A page, oldest first") | errors(400))
    async def list_joins(
        *,
        asker: Asker,
        agent: Values,
        correlation_id: Annotated[UUID | None, Blank] = None,
        limit: Limit = 100,
        cursor: PageCursor = None,
    ) -> Json:
        """List the joins that wait, per agent and correlation, with the artifacts that may be seen."""
        agents, after = chosen(agent), 0 if cursor is None else _parse(cursor)
        joins = [
            join
            for join in backend.pending_joins(seen_by=asker)
            if join.number > after
            and (not agents or join.agent_name in agents)
            and (correlation_id is None or join.correlation_id == correlation_id)
        ]
        page = joins[:limit]
        following = str(page[-1].number) if len(joins) > limit else None
        return Json({"items": [join.to_wire() for join in page], "next": following})

    return router


def _parse(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise CursorError(
            f"{cursor[:64]!r} is not a cursor of this list.",
            hint="Send back `next` of the last page, or leave it out to start over.",
        )
    return int(cursor)
