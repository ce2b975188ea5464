"""The facade: what a user calls, and what is said when it is called wrongly."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from flock.artifacts import EXTERNAL, Artifact, flock_type
from flock.errors import (
    ClosedError,
    ConfigurationError,
    CursorError,
    DuplicateNameError,
    IdleTimeoutError,
    IncompleteAgentError,
    InputError,
    MissingKeyError,
    PayloadError,
    RunError,
    ServingError,
    UnknownNameError,
)
from flock.events import Event, Hello, Snapshot, StreamingOutputEvent
from flock.orchestrator import Flock
from flock.sinks.terminal import Terminal
from flock.testing import ScriptedEngine, record
from tests.validators import check_streams


@flock_type(name="facade.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="facade.Post")
class Post(BaseModel):
    title: str


class Unregistered(BaseModel):
    """Not a flock type."""


ENGINE = ScriptedEngine(answers=[Post(title="About owls")])


def build(*, answers: list[BaseModel | Exception] | None = None) -> Flock:
    flock = Flock(view=None)
    engine = ScriptedEngine(answers=answers or [Post(title="About owls")])
    flock.agent("writer").consumes(Idea).publishes(Post).engine(engine)
    return flock


async def test_publish_takes_an_instance_a_dict_with_a_type_and_a_list() -> None:
    flock = build()
    one = await flock.publish(Idea(topic="owls"), tags=["a", "b"])
    named = await flock.publish({"type": "facade.Idea", "payload": {"topic": "owls"}})
    flat = await flock.publish({"type": "facade.Idea", "topic": "owls"})
    several = await flock.publish([Idea(topic="owls"), {"type": "facade.Idea", "topic": "bats"}])
    assert isinstance(one, Artifact)
    assert isinstance(named, Artifact)
    assert isinstance(flat, Artifact)
    assert one.payload == named.payload == flat.payload == Idea(topic="owls")
    assert (one.produced_by, one.tags) == (EXTERNAL, frozenset({"a", "b"}))
    assert isinstance(several, list)
    assert len({artifact.correlation_id for artifact in several}) == 1
    await flock.run_until_idle(timeout=10)
    assert len(await flock.list(Post)) == 5
    await flock.shutdown()


async def test_artifacts_are_found_by_id_type_producer_correlation_and_tags() -> None:
    flock = build()
    correlation_id = uuid4()
    idea = await flock.publish_artifact(Idea(topic="owls"), correlation_id=correlation_id, tags=["draft"])
    await flock.run_until_idle(timeout=10)
    (post,) = await flock.list(Post, correlation_id=correlation_id)
    assert (post.produced_by, post.derived_from, post.correlation_id) == ("writer", (idea.id,), correlation_id)
    assert post.run_id is not None
    assert await flock.get(post.id) == post
    assert await flock.get(str(post.id)) == post
    assert await flock.get(uuid4()) is None
    assert await flock.list("facade.Idea", tags="draft") == [idea]
    assert await flock.list(produced_by="writer") == [post]
    await flock.shutdown()


async def test_events_begin_with_hello_and_snapshots() -> None:
    flock = build()
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=10)
    feed = flock.events()
    assert feed.cursor is None
    assert isinstance(await anext(feed), Hello)
    assert isinstance(await anext(feed), Snapshot)
    await feed.aclose()
    with pytest.raises(CursorError):
        flock.events("no cursor")
    await flock.shutdown()


async def test_who_leaves_and_comes_back_with_the_cursor_misses_nothing() -> None:
    flock = build()
    first = flock.events()
    assert isinstance(await anext(first), Hello)
    await first.aclose()
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=10)
    again = flock.events(first.cursor, agent="writer")
    seen: list[Event] = []
    async for event in again:
        seen.append(event)
        if isinstance(event, StreamingOutputEvent) and event.is_final:
            break
    await again.aclose()
    assert isinstance(seen[0], Hello)
    assert not any(isinstance(event, Snapshot) for event in seen)
    (stream,) = check_streams(seen).values()
    assert stream.text("title") == "About owls"
    assert len(flock.audience) == 0
    await flock.shutdown()


async def test_what_is_published_while_the_terminal_shows_its_last_is_waited_for_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flock = build(answers=[Post(title="The first"), Post(title="The second")])
    flock.view = "lines"
    drained = Terminal.drained
    late: list[object] = [{"type": "facade.Idea", "topic": "late"}]

    async def drained_late(terminal: Terminal) -> None:
        await drained(terminal)
        while late:
            await flock.publish(late.pop())  # type: ignore[arg-type]  # a mapping

    monkeypatch.setattr(Terminal, "drained", drained_late)
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=10)
    assert not list(flock.runs.unfinished)
    shown = capsys.readouterr().out
    assert "The first" in shown
    assert "The second" in shown
    await flock.shutdown()


async def test_watching_ends_with_the_flock() -> None:
    flock = build()

    async def watch() -> list[Event]:
        return [event async for event in flock.events()]

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=10)
    await flock.shutdown()
    (stream,) = check_streams(await watching).values()
    assert stream.text("title") == "About owls"
    assert isinstance((await watch())[-1], Snapshot), "what is known is still told afterwards"


async def test_a_direct_run_is_shown_whole_before_it_returns(capsys: pytest.CaptureFixture[str]) -> None:
    flock = build()
    flock.view = "focus"
    await flock.direct_invoke(flock.agents["writer"], Idea(topic="owls"))
    shown = capsys.readouterr().out
    assert "About owls" in shown
    assert "done" in shown
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await flock.shutdown()


async def test_a_direct_run_is_on_the_board_with_its_inputs_and_sets_nobody_off() -> None:
    flock = build()
    (post,) = await flock.direct_invoke(flock.agents["writer"], [Idea(topic="owls")])
    (idea,) = await flock.list(Idea)
    assert post.derived_from == (idea.id,)
    await flock.run_until_idle(timeout=10)
    assert len(list(flock.runs.all())) == 1
    await flock.shutdown()


async def test_a_direct_run_that_fails_raises_its_error() -> None:
    flock = build(answers=[ValueError("no idea")])
    with pytest.raises(RunError, match="no idea"):
        await flock.direct_invoke(flock.agents["writer"], [Idea(topic="owls")])
    await flock.shutdown()


async def test_a_failed_run_can_be_tried_again() -> None:
    flock = build(answers=[ValueError("not yet"), Post(title="Now")])
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=10)
    (failed,) = flock.runs.all()
    again = flock.retry(failed.run_id)
    await flock.wait_run(again.run_id)
    assert (failed.state, again.state, again.retry_of) == ("failed", "completed", failed.run_id)
    assert again.correlation_id == failed.correlation_id
    await flock.shutdown()


async def test_one_agents_failure_does_not_touch_another() -> None:
    flock = build(answers=[ValueError("broken")])
    flock.agent("other").consumes(Idea).publishes(Post).engine(ScriptedEngine(answers=[Post(title="Fine")]))
    with record(flock) as recording:
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=10)
    states = {final.agent_name: final.outcome.status for final in recording.finals if final.outcome}
    assert states == {"writer": "failed", "other": "completed"}
    await flock.shutdown()


async def test_waiting_for_idle_has_a_timeout_that_names_who_is_busy() -> None:
    flock = Flock("demo/writer?fail=hang&first_token_s=0", view=None)
    flock.agent("sleeper").consumes(Idea).publishes(Post)
    await flock.publish(Idea(topic="owls"))
    with pytest.raises(IdleTimeoutError, match="sleeper"):
        await flock.run_until_idle(timeout=0.05)
    await flock.shutdown(grace_s=0)
    (run,) = flock.runs.all()
    assert run.state == "interrupted"


async def test_what_is_no_agent_or_no_correlation_is_refused() -> None:
    flock, other = build(), build()
    for agent in ("writer", other.agents["writer"]):
        with pytest.raises(InputError, match="no agent of this flock"):
            await flock.direct_invoke(agent, [Idea(topic="owls")])  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(InputError, match="correlation"):
        await flock.publish(Idea(topic="owls"), correlation_id=5)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(InputError, match="artifact id"):
        await flock.get("nope")
    with pytest.raises(ConfigurationError, match="view"):
        Flock(view="none")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(ConfigurationError, match="model"):
        Flock(5)  # type: ignore[arg-type]  # the point of the test
    await flock.shutdown()


async def test_after_shutdown_nothing_is_taken() -> None:
    flock = build()
    await flock.shutdown()
    with pytest.raises(ClosedError):
        await flock.publish(Idea(topic="owls"))
    with pytest.raises(ClosedError):
        await flock.direct_invoke(flock.agents["writer"], [Idea(topic="owls")])
    with pytest.raises(ClosedError):
        async with flock.serving(port=0):
            pass


async def test_serving_twice_is_refused_and_leaves_the_first_alone() -> None:
    flock = build()
    async with flock.serving(port=0) as server:
        with pytest.raises(ServingError, match=str(server.port)):
            await flock.serve(port=0)
        modes = [flock.runtime_mode]
    await flock.publish(Idea(topic="owls"))
    await flock.run_until_idle(timeout=10)
    async with flock.serving(port=0, dashboard=True):
        modes.append(flock.runtime_mode)
    assert modes == ["api", "dashboard"]
    await flock.shutdown()


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ({"type": "facade.Ideas", "topic": "owls"}, UnknownNameError, "Did you mean 'facade.Idea'"),
        ({"type": "facade.Idea", "payload": {"topic": 1}}, PayloadError, "topic"),
        ({"payload": {}}, InputError, "Cannot publish"),
        (Unregistered(), ConfigurationError, "@flock_type"),
        ("owls", InputError, "Cannot publish"),
        (None, InputError, "Cannot publish"),
    ],
)
async def test_what_is_no_artifact_is_refused(value: object, error: type[Exception], text: str) -> None:
    flock = build()
    with pytest.raises(error) as caught:
        await flock.publish(value)  # type: ignore[arg-type]  # the point of the test
    assert text in str(caught.value)
    assert not await flock.list()
    await flock.shutdown()


def test_two_agents_of_one_name_are_refused() -> None:
    flock = build()
    with pytest.raises(DuplicateNameError, match="writer"):
        flock.agent("writer")
    with pytest.raises(ConfigurationError):
        flock.agent(" ")


async def test_an_incomplete_agent_is_named_before_any_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEFAULT_MODEL", raising=False)
    flock = Flock(view=None)
    cases = {
        "consumes nothing": flock.agent("deaf").publishes(Post).engine(ENGINE),
        "publishes nothing": flock.agent("mute").consumes(Idea).engine(ENGINE),
        "no engine": flock.agent("idle").consumes(Idea).publishes(Post),
    }
    for text, builder in cases.items():
        with pytest.raises(IncompleteAgentError, match=text):
            builder.agent.check()
    with pytest.raises(IncompleteAgentError, match="deaf"):
        await flock.publish(Idea(topic="owls"))
    assert not list(flock.runs.all())


async def test_a_missing_key_is_said_before_any_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    flock = Flock("openai/gpt-4.1-mini", view=None)
    flock.agent("writer").consumes(Idea).publishes(Post)
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        await flock.publish(Idea(topic="owls"))
    assert not list(flock.runs.all())


def test_the_default_model_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_MODEL", "demo/poet")
    assert Flock().model == "demo/poet"
    assert Flock("demo/writer").model == "demo/writer"


async def test_unknown_names_are_answered_with_close_ones() -> None:
    flock = build()
    with pytest.raises(UnknownNameError, match="Did you mean 'writer'"):
        await flock.start_run("writter", [Idea(topic="owls")])
    with pytest.raises(UnknownNameError):
        flock.cancel("no run")
    with pytest.raises(UnknownNameError):
        flock.retry("no run")
    await flock.shutdown()


def test_one_flock_works_in_one_event_loop_after_the_other() -> None:
    flock = build()

    async def work() -> set[asyncio.Task[Any]]:
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle(timeout=10)
        return {*asyncio.all_tasks()} - {asyncio.current_task()}

    assert asyncio.run(work()) == set()
    assert asyncio.run(work()) == set()
    assert [run.state for run in flock.runs.all()] == ["completed", "completed"]
