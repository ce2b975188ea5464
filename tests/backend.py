"""A flock that is served for a test, and streams the test itself writes."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self
from uuid import uuid4

import httpx
from pydantic import BaseModel
from websockets.asyncio.client import ClientConnection, connect

from flock.admission import StreamSettings
from flock.artifacts import Artifact, flock_type
from flock.events import ArtifactPublished, ArtifactSlot, Stream
from flock.orchestrator import Flock
from flock.server.serving import Server
from flock.server.settings import ServerSettings
from flock.streams import OpenStream
from flock.writer import StreamWriter

TOKEN = "a-token-for-tests"


@flock_type(name="ServedIdea")
class ServedIdea(BaseModel):
    """What agents of server tests work on."""

    topic: str
    weight: int = 1


@flock_type(name="ServedPost")
class ServedPost(BaseModel):
    """What agents of server tests publish."""

    text: str


@flock_type(name="ServedNote")
class ServedNote(BaseModel):
    """What agents of server tests make of a post."""

    text: str


class Writing:
    """A stream that a test writes to, word for word."""

    def __init__(self, opened: OpenStream, writer: StreamWriter) -> None:
        self.run_id = opened.stream.run_id
        self.correlation_id = opened.stream.correlation_id
        self.first_offset = opened.first_offset
        self.writer = writer
        self.text = ""

    def write(self, *words: str) -> Self:
        """Write words of the field `text`."""
        for word in words:
            self.writer.append(word, field="text")
            self.text += word
        return self


@contextmanager
def writing(
    flock: Flock, agent: str = "writer", *, type: str = "ServedPost", is_simulated: bool = False
) -> Iterator[Writing]:
    """Open a stream that is shown to viewers, and complete it at the end of the block; a failing block fails it."""
    artifact_id = uuid4()
    failure: Exception | None = None
    with flock.streams.open(
        run_id=str(uuid4()),
        agent_name=agent,
        correlation_id=str(uuid4()),
        artifacts=[ArtifactSlot(artifact_id=str(artifact_id), type=type)],
        inputs=[],
        engine="test",
        model=None,
        is_simulated=is_simulated,
        priority="normal",
    ) as opened:
        with opened.running("dashboard", StreamSettings()) as (writer, _):
            work = Writing(opened, writer)
            try:
                yield work
            except Exception as error:
                failure = error
                raise
            payload = ServedPost(text=work.text)
            _announce(flock, opened.stream, str(artifact_id))
            opened.complete([Artifact(id=artifact_id, type="ServedPost", payload=payload)])
    if failure is not None:
        raise failure


def _announce(flock: Flock, stream: Stream, artifact_id: str) -> None:
    event = ArtifactPublished(
        artifact_id=artifact_id,
        artifact_type="ServedPost",
        agent_name=stream.agent_name,
        correlation_id=stream.correlation_id,
        run_id=stream.run_id,
        derived_from=(),
        tags=(),
    )
    flock.journal.append(event, stream)


class Served:
    """A flock under a running server, and clients for it."""

    def __init__(self, flock: Flock, server: Server, http: httpx.AsyncClient) -> None:
        self.flock = flock
        self.server = server
        self.http = http

    @property
    def headers(self) -> dict[str, str]:
        """What a program sends to come in."""
        return {"authorization": f"Bearer {self.server.token}"}

    def ws_url(self, query: str = "") -> str:
        """Give the address of the WebSocket."""
        return f"ws://127.0.0.1:{self.server.port}/ws{'?' if query else ''}{query}"

    def socket(self, query: str = "", **options: Any) -> connect:
        """Connect a WebSocket with the token in its headers."""
        options.setdefault("additional_headers", self.headers)
        return connect(self.ws_url(query), max_size=None, proxy=None, **options)

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Post JSON below `/api/v1`."""
        return await self.http.post(f"/api/v1{path}", json=body, headers=headers)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Get something below `/api/v1`."""
        return await self.http.get(f"/api/v1{path}", params=params)


@asynccontextmanager
async def served(flock: Flock | None = None, **settings: Any) -> AsyncIterator[Served]:
    """Serve a flock on a free port."""
    own = flock if flock is not None else Flock(view=None)
    given = {"port": 0, "token": TOKEN, "grace_s": 1.0, **settings}
    async with own, Server(own, ServerSettings(**given), on_stop=lambda: own.shutdown(grace_s=0.0)) as server:
        headers = {"authorization": f"Bearer {server.token}"} if server.token else {}
        async with httpx.AsyncClient(
            base_url=server.url, headers=headers, trust_env=False, timeout=20, verify=False
        ) as http:
            yield Served(own, server, http)


class Seen:
    """What one viewer has received."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events, in order."""
        return [event for frame in self.frames for event in frame["events"]]

    @property
    def cursor(self) -> str:
        """Where to go on."""
        return str(self.frames[-1]["cursor"])

    def text(self, run_id: str) -> str:
        """Give a run's text, and check that its sequences are contiguous and nothing is doubled."""
        text, following = "", 0
        for event in self.events:
            if event.get("run_id") != run_id:
                continue
            if event["type"] == "snapshot":
                text = "".join(field["text"] for field in event["fields"])
                following = event["next_sequence"]
            elif event["type"] == "streaming_output":
                assert event["sequence"] == following, f"expected {following}, got {event['sequence']}"
                following += event["count"]
                text += event["content"]
        return text

    def finals(self) -> list[dict[str, Any]]:
        """Give the final events."""
        return [event for event in self.events if event["type"] == "streaming_output" and event["is_final"]]

    def kinds(self) -> Sequence[str]:
        """Give the types of all events."""
        return [event["type"] for event in self.events]


async def read_socket(socket: ClientConnection, *, until: str, seen: Seen | None = None, count: int = 1) -> Seen:
    """Read frames until that many events of this type came: `final` for the final ones."""
    seen = seen or Seen()
    found = 0
    while found < count:
        frame = json.loads(await socket.recv())
        seen.frames.append(frame)
        for event in frame["events"]:
            if until == "final":
                found += event["type"] == "streaming_output" and event["is_final"]
            else:
                found += event["type"] == until
    return seen
