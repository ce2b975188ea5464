"""Agents: list them, run one."""

import asyncio
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from flock.agent import Agent
from flock.engines.tool_view import tool_name
from flock.errors import UnknownNameError
from flock.reader import Reader
from flock.runs import RunRecord
from flock.scheduling.rights import stream_visibility
from flock.selection import Selection
from flock.server.api_route import ApiRoute
from flock.server.backend import Backend
from flock.server.documentation import (
    SSE_MESSAGE,
    AgentBody,
    AgentPage,
    RunResult,
    body_errors,
    described,
    errors,
    run_errors,
)
from flock.server.holder import Asker, Granted
from flock.server.json_response import Json
from flock.server.refusals import ScopeError, names_in_body
from flock.server.scopes import needs
from flock.server.settings import ServerSettings
from flock.server.sse import EventStream
from flock.server.viewers import Viewers
from flock.tokens import Grant
from flock.visibility import Identity, may_see

MODEL_CODES = ("FLK-MODEL", "FLK-FORMAT")
"""Codes of errors that are the model server's doing."""

BUDGET_CODES = ("FLK-LOOP", "FLK-BUDGET")
"""Codes of errors of a correlation that has spent what it may."""


AgentName = Annotated[str, Path(max_length=200)]


class Input(BaseModel):
    """An artifact for a run to work on."""

    model_config = ConfigDict(extra="forbid")

    type: str
    payload: Any


class RunRequest(BaseModel):
    """What to run an agent on, and how to answer."""

    model_config = ConfigDict(extra="forbid")

    inputs: list[Input] = Field(min_length=1, max_length=100)
    stream: bool = Field(default=False, description="Answer with the run's events instead of its artifacts")
    correlation_id: UUID | None = None
    on_disconnect: Literal["continue", "cancel"] = Field(
        default="continue", description="What becomes of the run when the client leaves before its end"
    )

    @property
    def is_cancelling(self) -> bool:
        """Whether the run is cancelled when the client leaves."""
        return self.on_disconnect == "cancel"


def agents_router(backend: Backend, settings: ServerSettings, viewers: Viewers) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/agents", tags=["agents"], route_class=ApiRoute)

    def agents_for(asker: Identity) -> dict[str, Agent]:
        return {name: agent for name, agent in backend.agents.items() if agent.is_seen_by(asker)}

    def known_agent(name: str, asker: Identity) -> Agent:
        known = agents_for(asker)
        if name not in known:
            raise UnknownNameError.of("agent", name, known)
        return known[name]

    def shown(agent: Agent, asker: Identity) -> dict[str, Any]:
        return agent_wire(agent, hidden=backend.agents.keys() - agents_for(asker).keys())

    @router.get("", responses=described(200, AgentPage, "All agents") | errors())
    async def list_agents(asker: Asker) -> Json:
        """List the agents."""
        return Json({"items": [shown(agent, asker) for agent in agents_for(asker).values()], "next": None})

    @router.get("/{name}", responses=described(200, AgentBody, "The agent") | errors(404))
    async def get_agent(name: AgentName, asker: Asker) -> Json:
        """Get one agent."""
        return Json(shown(known_agent(name, asker), asker))

    @router.post(
        "/{name}/run",
        response_class=Response,
        openapi_extra=needs("publish", "read"),
        responses={
            200: {
                "description": "What it published or, with `stream`, the run's events up to its final one",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/RunResult"}},
                    "text/event-stream": {"schema": SSE_MESSAGE},
                },
                "model": RunResult,
            },
            **body_errors(404, 409, 429, 503),
            **run_errors(),
        },
    )
    async def run_agent(name: AgentName, body: RunRequest, request: Request, grant: Granted) -> Response:
        """Run one agent on these inputs, whatever it consumes, and wait for its end or watch it."""
        check_is_shown(known_agent(name, grant.identity), grant)
        if body.stream:
            return await _watched(backend, settings, viewers, name, body, grant)
        run = await _started(backend, name, body, grant)
        return await _result(backend, run, request, is_cancelling=body.is_cancelling)

    return router


def agent_wire(agent: Agent, *, hidden: AbstractSet[str]) -> dict[str, Any]:
    """Give the JSON form of an agent, without the names of other agents that are `hidden`."""
    engine = agent.engine
    label = engine.label() if engine is not None else None
    return {
        "name": agent.name,
        "description": agent.description,
        "consumes": agent.input_names,
        "publishes": agent.output_names,
        "subscriptions": [
            {
                "types": list(subscription.types),
                "tags": sorted(subscription.tags),
                "from_agents": sorted(subscription.from_agents - hidden),
                "is_conditional": subscription.where is not None,
            }
            for subscription in agent.subscriptions
        ],
        "engine": label.engine if label is not None else None,
        "model": label.model if label is not None else None,
        "simulated": label is not None and label.is_simulated,
        "stream": engine is not None and engine.stream,
        "parallel_streaming": engine is not None and engine.parallel_streaming,
        "stream_priority": engine.stream_priority if engine is not None else None,
        "max_concurrency": agent.max_concurrency,
        "priority": agent.priority,
        "tools": [tool_name(tool) for tool in agent.tools],
    }


def check_is_shown(agent: Agent, grant: Grant) -> None:
    """Raise `ScopeError` where a run's own asker could not see it: nothing is set off that cannot be answered."""
    if not may_see(grant.identity, stream_visibility(agent, [grant.publishes_as])):
        raise ScopeError(
            f"This token may not see what {agent.name!r} makes of its input.",
            hint="POST the input to /api/v1/artifacts: the agents that consume it run without an answer to you.",
        )


async def _started(backend: Backend, name: str, body: RunRequest, grant: Grant) -> RunRecord:
    with names_in_body():
        return await backend.start_run(
            name,
            [{"type": value.type, "payload": value.payload} for value in body.inputs],
            correlation_id=body.correlation_id,
            stream=body.stream,
            visibility=grant.publishes_as,
        )


async def _watched(
    backend: Backend, settings: ServerSettings, viewers: Viewers, name: str, body: RunRequest, grant: Grant
) -> EventStream:
    """Start a run for a viewer that has its place: one that is refused must not have set anything off."""
    journal = backend.streams.journal
    start = journal.cursor(journal.head)
    with viewers.take() as place:
        run = await _started(backend, name, body, grant)
        selection = Selection.of(run_id=[run.run_id], seen_by=grant.identity)
        return EventStream(
            Reader(backend.frames, selection=selection, cursor=start),
            audience=backend.audience,
            place=place.pop_all(),
            departure=viewers.departure,
            settings=settings,
            run_id=run.run_id,
            on_leave=(lambda: backend.cancel(run.run_id)) if body.is_cancelling else None,
        )


async def _result(backend: Backend, run: RunRecord, request: Request, *, is_cancelling: bool) -> Response:
    if is_cancelling:
        await _end_or_disconnect(backend, run, request)
    run = await backend.wait_run(run.run_id)
    known = {
        "run_id": run.run_id,
        "correlation_id": str(run.correlation_id),
        "status": run.state,
        "engine": run.engine,
        "model": run.model,
        "simulated": run.is_simulated,
    }
    if run.state == "completed":
        return Json({**known, "artifacts": [artifact.to_wire() for artifact in run.artifacts]})
    error = run.outcome.error if run.outcome is not None else None
    code = error.code if error is not None else "FLK-RUN"
    message = error.message if error is not None else f"Run {run.run_id} of {run.agent_name!r} was {run.state}."
    body = {"code": code, "message": message, "hint": f"GET /api/v1/runs/{run.run_id}/events shows what it did."}
    return Json({"error": body, **known}, status_code=_status(run, code))


async def _end_or_disconnect(backend: Backend, run: RunRecord, request: Request) -> None:
    """Return when the run has ended; when the client leaves before, cancel it."""

    async def until_left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async with asyncio.TaskGroup() as group:
        ended = group.create_task(backend.wait_run(run.run_id))
        left = group.create_task(until_left())
        await asyncio.wait((ended, left), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            backend.cancel(run.run_id)
        left.cancel()


def _status(run: RunRecord, code: str) -> int:
    if code.startswith(BUDGET_CODES):
        return 409
    match run.state:
        case "timed_out":
            return 504
        case "cancelled":
            return 409
        case "interrupted":
            return 503
        case _:
            return 502 if code.startswith(MODEL_CODES) else 500
