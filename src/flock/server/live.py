"""The live surfaces: the WebSocket at `/ws`, server-sent events at `/api/v1/events`, for the same frames."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket

from flock.cursor import Cursor
from flock.errors import CursorError, UnknownNameError
from flock.events import Format
from flock.reader import Reader
from flock.selection import Selection
from flock.server.api_route import ApiRoute, check_query_names
from flock.server.auth import Auth
from flock.server.backend import Backend
from flock.server.closes import MALFORMED, TOO_MANY, Closing, Gone
from flock.server.documentation import EVENT_STREAM, errors
from flock.server.holder import Asker
from flock.server.idempotency import REPEATED_RUN
from flock.server.paging import Values, chosen
from flock.server.refusals import RequestError, TooManyViewersError
from flock.server.settings import ServerSettings
from flock.server.sse import EventStream
from flock.server.viewer import Viewer
from flock.server.viewers import Viewers
from flock.server.websocket import SocketLine
from flock.visibility import Identity

EVENTS_PATH = "/api/v1/events"
SELECTION_KEYS = ("run_id", "correlation_id", "agent", "type")


def live_router(backend: Backend, settings: ServerSettings, auth: Auth, viewers: Viewers) -> APIRouter:
    """Make the routes of the live surfaces."""
    router = APIRouter(route_class=ApiRoute)
    _add_sockets(router, backend, settings, auth, viewers)
    _add_events(router, backend, settings, viewers)
    return router


def _add_sockets(router: APIRouter, backend: Backend, settings: ServerSettings, auth: Auth, viewers: Viewers) -> None:
    @router.websocket("/ws")
    async def watch_socket(socket: WebSocket) -> None:
        line = SocketLine(socket, auth, settings)
        await socket.accept()
        try:
            holder = line.holder
            if holder is None:
                with viewers.threshold():
                    holder = await line.greet()
            reader = _socket_reader(backend, socket.query_params, holder.grant.identity)
            with viewers.place():
                line.narrow()
                await Viewer(reader, line, departure=viewers.departure).attend(backend.audience)
        except Gone:
            return
        except TooManyViewersError as error:
            await line.close(Closing(TOO_MANY, error.message))
        except Closing as closing:
            await line.close(closing)

    @router.websocket("/{path:path}")
    async def refuse_socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close(MALFORMED.code, "there is no WebSocket here: it is at /ws")


def _add_events(router: APIRouter, backend: Backend, settings: ServerSettings, viewers: Viewers) -> None:
    @router.get(EVENTS_PATH, tags=["live"], responses=errors(400, 429) | EVENT_STREAM, response_class=Response)
    async def watch_events(
        request: Request,
        *,
        asker: Asker,
        run_id: Values,
        correlation_id: Values,
        agent: Values,
        type: Values,
        cursor: Annotated[str | None, Query(description="Where to go on: the cursor of the last frame")] = None,
        format: Annotated[Format, Query(description="Self-contained events, or constants only once")] = "full",
        last_event_id: Annotated[str | None, Header(description="The same as the cursor; it wins")] = None,
    ) -> EventStream:
        """Watch: hello, what is known, and then everything that happens, one message per frame."""
        repeated = request.scope.get("state", {}).get(REPEATED_RUN)
        if repeated is not None:
            _check_is_shown(backend, repeated, asker)
        place = last_event_id or cursor
        reader = Reader(
            backend.frames,
            selection=selection_of(run_id, correlation_id, agent, type, seen_by=asker),
            cursor=Cursor.parse(place) if place else None,
            format=format,
        )
        return EventStream(
            reader,
            audience=backend.audience,
            place=viewers.take(),
            departure=viewers.departure,
            settings=settings,
            run_id=repeated,
        )


def selection_of(
    run_id: Iterable[str],
    correlation_id: Iterable[str],
    agent: Iterable[str],
    type: Iterable[str],
    *,
    seen_by: Identity,
) -> Selection:
    """Make a selection of query values; empty ones count as not given."""
    return Selection(chosen(run_id), chosen(correlation_id), chosen(agent), chosen(type), seen_by)


def _check_is_shown(backend: Backend, run_id: str, asker: Identity) -> None:
    """Raise `UnknownNameError` for a run whose end nobody can be shown any more: a viewer would wait for ever."""
    run = backend.runs.get(run_id, seen_by=asker)
    _, marks = backend.streams.journal.marks(Selection.of(run_id=[run_id], seen_by=asker))
    if run.is_finished and not marks:
        raise UnknownNameError(
            f"The events of run {run_id!r} are forgotten.", hint=f"GET /api/v1/runs/{run_id} tells how it ended."
        )


def _socket_reader(backend: Backend, params: QueryParams, asker: Identity) -> Reader:
    try:
        check_query_names(params, (*SELECTION_KEYS, "cursor", "format"))
    except RequestError as error:
        raise Closing(MALFORMED, str(error)) from error
    match params.get("format") or "full":
        case "full" | "compact" as format:
            pass
        case other:
            raise Closing(MALFORMED, f"there is no format {other[:40]!r}: full or compact")
    cursor = params.get("cursor")
    try:
        place = Cursor.parse(cursor) if cursor else None
    except CursorError as error:
        raise Closing(MALFORMED, error.message) from error
    keys = (params.getlist(key) for key in SELECTION_KEYS)
    return Reader(backend.frames, selection=selection_of(*keys, seen_by=asker), cursor=place, format=format)
