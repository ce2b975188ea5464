"""Runs that write at random: several fields, steps, attempts, reasoning and tools, and every way to end.

What each run has written is kept apart from the flock, so that what viewers know can be held against it.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

from pydantic import BaseModel

from flock.admission import StreamSettings
from flock.artifacts import Artifact, flock_type
from flock.errors import RunError
from flock.events import ArtifactPublished, ArtifactSlot, OutputType, TextKind
from flock.streams import OpenStream, Streams
from flock.writer import StreamWriter
from tests.unit.replica import Place

WORDS = (
    "owl ",
    "Eule ",
    "čaj ",
    "鳥 ",
    "🦉",
    '"',
    "\\",
    "\n",
    "\r\n",
    "\u2028",
    "\0",
    "[[ ## ",
    "data: ",
    "\n\nid: 7\n\n",
    ", ",
)
ENDS = ("completed", "completed", "failed", "cancelled")

Truth = dict[str, dict[Place, str]]
"""By run: the texts of its last attempt."""


@flock_type(name="random.Page")
class Page(BaseModel):
    """What random runs publish."""

    title: str
    body: str


class _Cancelled(asyncio.CancelledError):
    """Ends a run as if somebody had cancelled it."""


class RandomRun:
    """One run, open from the beginning; `texts` is what it has written in its last attempt."""

    def __init__(self, streams: Streams, rng: random.Random, *, agent: str) -> None:
        self.run_id = str(uuid4())
        self.texts: dict[Place, str] = {}
        self._rng = rng
        self._streams = streams
        self._artifact_id = str(uuid4())
        self._step = 1
        self._opened = streams.open(
            run_id=self.run_id,
            agent_name=agent,
            correlation_id=str(uuid4()),
            artifacts=[ArtifactSlot(artifact_id=self._artifact_id, type="random.Page")],
            inputs=[],
            engine="random",
            model=None,
            is_simulated=False,
            priority="normal",
        )

    async def go(self, acts: int, pause: Callable[[], Awaitable[None]]) -> None:
        """Write in so many acts, with a pause after each, and end in one of the ways there are."""
        end = self._rng.choice(ENDS)
        with suppress(_Cancelled), self._opened as opened:
            with opened.running("dashboard", StreamSettings()) as (writer, _):
                for _ in range(acts):
                    self._act(writer)
                    await pause()
                self._end(opened, end)

    def _act(self, writer: StreamWriter) -> None:
        chance = self._rng.random()
        if chance < 0.02:
            keep = self._rng.randint(1, self._step)
            writer.start_attempt("the answer did not fit", keep_steps_below=keep)
            self.texts = {place: text for place, text in self.texts.items() if place[3] < keep}
            self._step = keep
        elif chance < 0.06:
            self._step += 1
            self._write(writer, "tool_call", None, "json", json.dumps({"step": self._step}))
            self._write(writer, "tool_result", None, "text", self._words(5))
        elif chance < 0.2:
            self._write(writer, self._rng.choice(("reasoning", "log", "stdout")), None, "text", self._words(3))
        elif chance < 0.3:
            self._write(writer, "llm_token", "notes/0", "json", str(self._rng.randrange(1000)))
        else:
            field = self._rng.choice(("title", "body", "body"))
            for _ in range(self._rng.randint(1, 8)):
                self._write(writer, "llm_token", field, "text", self._words(2))

    def _words(self, most: int) -> str:
        return "".join(self._rng.choices(WORDS, k=self._rng.randint(1, most)))

    def _write(
        self, writer: StreamWriter, output_type: OutputType, field: str | None, kind: TextKind, text: str
    ) -> None:
        writer.append(text, field=field, output_type=output_type, kind=kind, step=self._step)
        place = (output_type, field, kind, self._step, None if field is None else self._artifact_id)
        self.texts[place] = self.texts.get(place, "") + text

    def _end(self, opened: OpenStream, end: str) -> None:
        if end == "failed":
            raise RunError("The model is gone.")
        if end == "cancelled":
            raise _Cancelled
        page = Page(title=self._last("title"), body=self._last("body"))
        event = ArtifactPublished(
            artifact_id=self._artifact_id,
            artifact_type="random.Page",
            agent_name=opened.stream.agent_name,
            correlation_id=opened.stream.correlation_id,
            run_id=self.run_id,
            derived_from=(),
            tags=(),
        )
        self._streams.journal.append(event, opened.stream)
        opened.complete([Artifact(id=UUID(self._artifact_id), type="random.Page", payload=page)])

    def _last(self, field: str) -> str:
        """Give a field's text as the last step that wrote it left it."""
        texts = [text for (_, name, _, _, _), text in self.texts.items() if name == field]
        return texts[-1] if texts else ""


async def run_random(
    streams: Streams, rng: random.Random, truth: Truth, *, agent: str, acts: int, pause: Callable[[], Awaitable[None]]
) -> str:
    """Let one random run happen, note its truth, and give its id."""
    run = RandomRun(streams, rng, agent=agent)
    await run.go(acts, pause)
    truth[run.run_id] = run.texts
    return run.run_id
