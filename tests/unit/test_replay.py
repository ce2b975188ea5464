"""Playing recordings again."""

import asyncio
import io
from collections.abc import Iterable

import pytest

from flock.errors import InputError
from flock.events import AgentQueued, Event, StreamingOutputEvent, encode_event
from flock.sinks import replay as module
from flock.sinks.replay import replay


def say(text: str, at_s: float) -> StreamingOutputEvent:
    """Give an event with text at that time."""
    return StreamingOutputEvent(
        timestamp=at_s,
        correlation_id="c",
        agent_name="ann",
        run_id="r",
        output_type="llm_token",
        content=text,
        sequence=0,
        field="body",
    )


def lines(events: Iterable[Event]) -> list[bytes]:
    """Give the lines of a recording."""
    return [encode_event(event) + b"\n" for event in events]


async def elapsed_s(recording: Iterable[bytes], speed: float) -> float:
    """Give how long a replay takes."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await replay(recording, io.StringIO(), view="lines", speed=speed)
    return loop.time() - before


async def test_a_replay_keeps_the_rhythm_divided_by_its_speed() -> None:
    recording = lines([say("a", 1000.0), say("b", 1000.2), say("c", 1000.1), say("d", 1000.3)])
    assert await elapsed_s(recording, 1.0) >= 0.299
    assert await elapsed_s(recording, 3.0) >= 0.099
    assert await elapsed_s(recording, 0.0) < 0.1


async def test_a_long_silence_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAUSE_S", 0.05)
    assert await elapsed_s(lines([say("a", 0.0), say("b", 1e300), say("c", 1e300)]), 1.0) >= 0.049


async def test_empty_lines_are_skipped_and_a_partial_recording_is_shown() -> None:
    out = io.StringIO()
    await replay([b"\n", *lines([say("one\ntwo", 1.0)]), b" \n"], out, view="lines", speed=0)
    assert out.getvalue() == "ann        │ body │ one\nann        │ body │ two\n"
    out = io.StringIO()
    await replay(lines([say("cut", 1.0), say(" off", 1.0)]), out, view="focus", speed=0)
    assert out.getvalue() == "▶ ann\nbody: cut off\n"


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"type": "nothing"}',
        b'{"type": "stream_started"}',
        b'{"type": "metrics", "timestamp": NaN}',
        b'{"type": "snapshot", "agent_name": "\xff"}',
        b"[" * 100_000,
    ],
)
async def test_a_line_that_is_no_event_is_named_by_its_number(line: bytes) -> None:
    queued = AgentQueued(correlation_id="c", agent_name="a", run_id="r", reason="busy")
    with pytest.raises(InputError, match="Line 3 of the recording is no event"):
        await replay([*lines([queued]), b"\n", line], io.StringIO(), speed=0)
