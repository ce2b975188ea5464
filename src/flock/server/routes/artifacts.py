"""Artifacts: publish, list, get."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from flock.board.base import Query as BoardQuery
from flock.errors import UnknownNameError
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import ArtifactBody, ArtifactPage, body_errors, described, errors
from flock.server.holder import Asker, Granted
from flock.server.json_response import Json
from flock.server.paging import Blank, InOrder, Limit, PageCursor, Values, chosen
from flock.server.refusals import names_in_body
from flock.server.scopes import needs


def _no_number(value: Any) -> Any:  # noqa: ANN401 - whatever the query holds
    """Refuse what would be taken for seconds or milliseconds since 1970, depending on its size."""
    try:
        float(value)
    except (TypeError, ValueError):
        return value
    raise ValueError("a number is no date and time")


Moment = Annotated[
    datetime | None, Blank, BeforeValidator(_no_number), Query(description="ISO 8601; without a zone it is UTC")
]

TypeNames = Annotated[
    list[str],
    Query(
        default_factory=list,
        description=(
            "May be repeated: any of them. A type nobody knows is no error, for it may come later: the list is empty. "
            "`GET /api/v1/types` says which there are"
        ),
    ),
]


Tag = Annotated[str, StringConstraints(max_length=200)]


class Publication(BaseModel):
    """What to publish."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Name of the artifact type")
    payload: Any = Field(description="A value of that type")
    correlation_id: UUID | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=100)


def artifacts_router(backend: Backend) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/artifacts", tags=["artifacts"], route_class=ApiRoute)

    @router.post(
        "",
        status_code=201,
        openapi_extra=needs("publish"),
        responses=described(201, ArtifactBody, "Published") | body_errors(503),
    )
    async def publish(body: Publication, grant: Granted) -> Json:
        """Publish an artifact; the agents that consume it start at once. With a tenant's token it is the tenant's."""
        with names_in_body():
            artifact = await backend.publish_artifact(
                {"type": body.type, "payload": body.payload},
                correlation_id=body.correlation_id,
                tags=body.tags,
                visibility=grant.publishes_as,
            )
        return Json(artifact.to_wire(), status_code=201)

    @router.get("", responses=described(200, ArtifactPage, "A page") | errors(400))
    async def list_artifacts(
        *,
        asker: Asker,
        type: TypeNames,
        produced_by: Values,
        tag: Values,
        correlation_id: Annotated[UUID | None, Blank] = None,
        since: Moment = None,
        until: Moment = None,
        order: InOrder = "oldest",
        limit: Limit = 100,
        cursor: PageCursor = None,
    ) -> Json:
        """List artifacts. Values of one key are alternatives, keys add up."""
        query = BoardQuery(
            type=chosen(type),
            produced_by=chosen(produced_by),
            correlation_id=correlation_id,
            tags=chosen(tag),
            since=_in_utc(since),
            until=_in_utc(until),
            seen_by=asker,
            order=order,
        )
        page = await backend.board.query(query, limit=limit, cursor=cursor)
        return Json({"items": [artifact.to_wire() for artifact in page.items], "next": page.next})

    @router.get("/{artifact_id}", responses=described(200, ArtifactBody, "The artifact") | errors(404))
    async def get_artifact(artifact_id: UUID, asker: Asker) -> Json:
        """Get one artifact."""
        artifact = await backend.board.get(artifact_id)
        if artifact is None or not artifact.is_seen_by(asker):
            raise UnknownNameError(f"There is no artifact {str(artifact_id)!r}.", hint="The oldest are forgotten.")
        return Json(artifact.to_wire())

    return router


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
