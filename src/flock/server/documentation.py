"""What the OpenAPI document says of bodies, errors and the live surfaces."""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from flock.audience import ViewerKind
from flock.events import RuntimeMode, Status, StreamPriority, StreamState
from flock.server.closes import CLOSES
from flock.server.idempotency import MAX_KEY_CHARS
from flock.server.scopes import READING, SCOPES_KEY
from flock.tokens import Scope

SIMULATED = "Whether the demo model speaks: label such output as simulated wherever it is shown"
STATUS = "How the run ended; while it goes on, it has a `state`"


class Issue(BaseModel):
    """One violation in a request."""

    path: str
    message: str


class ErrorDetail(BaseModel):
    """What went wrong, and what to do."""

    code: str = Field(pattern="^FLK-", description="Stable code of the kind of error")
    message: str
    hint: str | None = None
    issues: list[Issue] | None = None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


class RunErrorBody(ErrorBody):
    """The body where a run did not complete."""

    run_id: str
    correlation_id: UUID
    status: Status = Field(description=STATUS)
    engine: str
    model: str | None
    simulated: bool = Field(description=SIMULATED)


class ArtifactBody(BaseModel):
    """An artifact."""

    id: UUID
    type: str
    payload: dict[str, Any] | list[Any] | str | int | float | bool | None
    produced_by: str
    correlation_id: UUID
    run_id: str | None
    derived_from: list[UUID]
    tags: list[str]
    visibility: dict[str, Any]
    created_at: datetime


class ArtifactPage(BaseModel):
    """A page of artifacts."""

    items: list[ArtifactBody]
    next: str | None


class SubscriptionBody(BaseModel):
    """What an agent waits for: one artifact of each of these types."""

    types: list[str]
    tags: list[str]
    from_agents: list[str]
    is_conditional: bool


class AgentBody(BaseModel):
    """An agent."""

    name: str
    description: str
    consumes: list[str]
    publishes: list[str]
    subscriptions: list[SubscriptionBody]
    engine: str | None
    model: str | None
    simulated: bool
    stream: bool
    parallel_streaming: bool
    stream_priority: StreamPriority | None
    max_concurrency: int
    priority: int
    tools: list[str]


class AgentPage(BaseModel):
    """All agents."""

    items: list[AgentBody]
    next: str | None


class RunBody(BaseModel):
    """A run."""

    run_id: str
    agent: str
    correlation_id: UUID
    state: StreamState = Field(description="Where it stands: `queued`, `running`, or the `status` it ended with")
    engine: str
    model: str | None
    simulated: bool = Field(description=SIMULATED)
    inputs: list[UUID]
    artifacts: list[UUID]
    depth: int
    retry_of: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    outcome: dict[str, Any] | None


class RunPage(BaseModel):
    """A page of runs."""

    items: list[RunBody]
    next: str | None


class RunResult(BaseModel):
    """What a completed run published."""

    run_id: str
    correlation_id: UUID
    status: Status = Field(description=STATUS)
    engine: str
    model: str | None
    simulated: bool = Field(description=SIMULATED)
    artifacts: list[ArtifactBody]


class CancelBody(RunBody):
    """A run, and whether it was there to cancel."""

    cancelled: bool


class EventPage(BaseModel):
    """A page of events that are read again; `cursor` is the place behind them, `next` the same while there are more."""

    items: list[dict[str, Any]]
    next: str | None
    cursor: str


class MetricsPage(BaseModel):
    """The `metrics` events of the last 15 minutes, oldest first."""

    items: list[dict[str, Any]]
    next: None


class CorrelationBody(BaseModel):
    """What belongs together: all known runs, and a page of artifacts, oldest first, that goes on at `next`."""

    correlation_id: UUID
    runs: list[RunBody]
    artifacts: list[ArtifactBody]
    next: str | None


class CancelledRuns(BaseModel):
    """The runs that were cancelled."""

    correlation_id: UUID
    cancelled: list[str]


class ArrivalBody(BaseModel):
    """Artifacts of one type that wait for their partners; `artifact_id` is the first one's."""

    type: str
    count: int
    artifact_id: UUID


class JoinBody(BaseModel):
    """What waits for its partners, for one agent and of one correlation."""

    agent: str
    correlation_id: UUID
    arrived: list[ArrivalBody]
    awaited: list[str] = Field(description="The types of which none is there")
    since: datetime = Field(description="When the first of the artifacts was made")


class JoinPage(BaseModel):
    """A page of joins that wait, oldest first."""

    items: list[JoinBody]
    next: str | None


class TypeBody(BaseModel):
    """An artifact type."""

    name: str
    schema_: dict[str, Any] | None = Field(alias="schema")


class TypePage(BaseModel):
    """All artifact types."""

    items: list[TypeBody]
    next: str | None


class SessionBody(BaseModel):
    """Who asks, and whom."""

    scopes: list[Scope] = Field(description="What they may do")
    tenant: str | None = Field(description="Whose work alone they see")
    labels: list[str]
    sees_all: bool = Field(description="Whether nothing is hidden from them")
    can_sign_out: bool = Field(description="Whether there is a session, which `DELETE` ends")
    version: str
    mode: RuntimeMode
    dashboard: bool


class ViewerBody(BaseModel):
    """An attached viewer."""

    kind: ViewerKind
    lag_events: int = Field(description="How many events it is behind")
    since: datetime


class ViewerList(BaseModel):
    """Attached viewers, those furthest behind first, and how many there are in all."""

    items: list[ViewerBody]
    total: int


class StateBody(BaseModel):
    """How the server is."""

    status: str


SSE_MESSAGE = {
    "type": "object",
    "description": "One message of the stream",
    "properties": {
        "id": {"type": "string", "description": "The cursor behind the frame"},
        "event": {"enum": ["message", "close"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "A frame, `{cursor, events}`; the close code in the last message",
        },
    },
    "required": ["data"],
}

EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            'One message per frame: `{"cursor", "events"}`; the last one is `event: close`, a close code its data'
        ),
        "content": {"text/event-stream": {"schema": SSE_MESSAGE}},
    }
}

LIVE_TAG = {
    "name": "live",
    "description": (
        "The WebSocket `/ws` sends the frames of `GET /api/v1/events`, one text message each, and takes the same "
        "parameters. Close codes of both:\n\n"
        "| code | why | come back with the last cursor |\n| --- | --- | --- |\n"
        + "\n".join(f"| {close.code} | {close.name} | {'yes' if close.reconnect else 'no'} |" for close in CLOSES)
    ),
}
"""What the document says of live connections, which it cannot describe as paths."""

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A new one for each request: the same request with the same key is answered again, not done again",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS},
}

_DESCRIPTIONS = {
    400: "The body is not JSON, or the cursor or idempotency key is malformed",
    401: "No valid token",
    403: "Another host, another site's page, or a token that may not do this",
    404: "No such name",
    408: "The body did not arrive in time",
    409: "It does not fit the state, or the correlation has spent its budget",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    422: "The request, a payload or a name in it does not fit",
    429: "All places for viewers are taken",
    431: "The request's headers are too large",
    500: "The run failed",
    502: "The model server failed, or its answer could not be used",
    503: "The flock takes no work now",
    504: "The model server took too long",
}

# A reference, not the model: of each model of each route FastAPI makes a validator when it starts, though none is used.
_ERROR_CONTENT = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors a route may answer: these, and what the guards before every route may answer."""
    known = sorted({401, 403, 408, 413, 422, 431, *statuses})
    return {status: {"content": _ERROR_CONTENT, "description": _DESCRIPTIONS[status]} for status in known}


def run_errors() -> dict[int | str, dict[str, Any]]:
    """Describe the answers where a run did not complete."""
    return {status: {"model": RunErrorBody, "description": _DESCRIPTIONS[status]} for status in (500, 502, 504)}


def body_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors of a route that takes a body."""
    return errors(400, 415, *statuses)


def described(status: int, model: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    """Describe one answer."""
    return {status: {"model": model, "description": description}}


def describe_errors(document: dict[str, Any]) -> None:
    """Add to a document the schema of the errors that its routes refer to."""
    schema = ErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**schema.pop("$defs", {}), ErrorBody.__name__: schema}


def describe_security(document: dict[str, Any], *, cookie_name: str, open_paths: Container[str]) -> None:
    """Add to a document that all but the open paths need a token or a session's cookie, and which scopes."""
    document.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of the server"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie_name,
            "description": "The session of a browser that signed in",
        },
    }
    for path, _, operation in _operations(document):
        if path in open_paths and SCOPES_KEY not in operation:
            operation["security"] = []
        else:
            scopes = operation.setdefault(SCOPES_KEY, sorted(READING))
            operation["security"] = [{"token": scopes}, {"session": scopes}]


def describe_idempotency(document: dict[str, Any], *, exempt: Container[str]) -> None:
    """Add to a document the header that every POST takes, but on the exempt paths."""
    for path, method, operation in _operations(document):
        if method == "post" and path not in exempt:
            operation["parameters"] = [*operation.get("parameters", []), IDEMPOTENCY_KEY]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation
