"""Visibility in a whole flock: who is set off, who sees which stream, and what opens later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from pydantic import BaseModel

from flock import (
    AfterVisibility,
    Artifact,
    Flock,
    LabelledVisibility,
    Limits,
    PrivateVisibility,
    PublicVisibility,
    TenantVisibility,
    flock_type,
)
from flock.board.base import Query
from flock.errors import ConfigurationError, OverloadedError
from flock.events import ArtifactPublished, Event, Metrics, RunEvent, Snapshot, StreamingOutputEvent
from flock.runtime import Context, EvalInputs, EvalResult
from flock.sinks.metrics import Meter
from flock.visibility import OPERATOR, Identity
from tests.engines import Gated, Working
from tests.validators import check_streams

ACME, UMBRELLA = Identity(tenant="acme"), Identity(tenant="umbrella")


@flock_type(name="VisibleIdea")
class Idea(BaseModel):
    text: str = ""


@flock_type(name="VisiblePost")
class Post(BaseModel):
    text: str = ""


def writing() -> Working:
    """Shows in its stream what it read, and publishes it."""

    def write(ctx: Context, inputs: EvalInputs) -> list[BaseModel]:
        text = inputs.first_as(Idea).text
        ctx.writer.append(f"thinking of {text}", output_type="reasoning")
        ctx.writer.append(text, field="text")
        return [Post(text=text)]

    return Working(work=write)


@pytest.fixture
async def flock() -> AsyncIterator[Flock]:
    async with Flock(view=None) as flock:
        yield flock


async def seen(flock: Flock, identity: Identity) -> list[Event]:
    """Give everything that happened in a flock, which ends here, as somebody sees it; without the hello."""
    await flock.shutdown()
    return [event async for event in flock.events(f"{flock.journal.epoch}-0", seen_by=identity)][1:]


def texts(events: list[Event]) -> str:
    return "".join(event.content for event in events if isinstance(event, StreamingOutputEvent))


async def test_an_agent_is_set_off_only_by_what_it_may_see(flock: Flock) -> None:
    asked: list[str] = []

    def ask(idea: Idea) -> bool:
        asked.append(idea.text)
        return True

    flock.agent("anybody").consumes(Idea, where=ask).publishes(Post).engine(writing())
    flock.agent("acmes").consumes(Idea).publishes(Post).engine(writing()).identity(tenant="acme")
    flock.agent("lawyer").consumes(Idea).publishes(Post).engine(writing()).identity(labels=["legal", "eu"])
    await flock.publish(Idea(text="for acme"), visibility=TenantVisibility("acme"))
    await flock.publish(Idea(text="for lawyers"), visibility=LabelledVisibility(["legal"]))
    await flock.publish(Idea(text="for the lawyer"), visibility=PrivateVisibility(["lawyer"]))
    await flock.publish(Idea(text="for all"))
    await flock.run_until_idle()
    runs = sorted((run.agent_name, run.inputs[0].payload.model_dump()["text"]) for run in flock.runs.all())
    assert runs == [
        ("acmes", "for acme"),
        ("acmes", "for all"),
        ("anybody", "for all"),
        ("lawyer", "for all"),
        ("lawyer", "for lawyers"),
        ("lawyer", "for the lawyer"),
    ]
    assert asked == ["for all"]


async def test_a_join_takes_no_partner_its_agent_may_not_see(flock: Flock) -> None:
    flock.agent("judge").consumes(Idea, Post).publishes(Post).engine(writing()).prevent_self_trigger()
    idea = await flock.publish(Idea(text="x"), visibility=TenantVisibility("acme"))
    assert isinstance(idea, Artifact)
    await flock.publish(Post(), correlation_id=idea.correlation_id)
    await flock.run_until_idle()
    assert not list(flock.runs.all())


@pytest.mark.default(10)
async def test_a_stream_is_seen_live_by_those_who_may_see_all_its_run_reads_and_writes(flock: Flock) -> None:
    flock.agent("acmes").consumes(Idea).publishes(Post).engine(writing()).identity(tenant="acme")
    await flock.publish(Idea(text="the secret"), visibility=TenantVisibility("acme"))
    await flock.run_until_idle()
    for identity in (OPERATOR, ACME):
        events = await seen(flock, identity)
        check_streams(events)
        assert texts(events) == "thinking of the secretthe secret"
    for identity in (UMBRELLA, Identity(), Identity(agent="acmes")):
        events = await seen(flock, identity)
        assert not [event for event in events if isinstance(event, RunEvent | ArtifactPublished | Snapshot)]


async def test_a_public_artifact_of_a_hidden_stream_is_announced_to_all(flock: Flock) -> None:
    flock.agent("summary").consumes(Idea).publishes(Post, visibility=PublicVisibility()).engine(writing()).identity(
        tenant="acme"
    )
    await flock.publish(Idea(text="the secret"), visibility=TenantVisibility("acme"))
    await flock.run_until_idle()
    (announced,) = await seen(flock, UMBRELLA)
    assert isinstance(announced, ArtifactPublished)
    assert announced.artifact_type == "VisiblePost"


@pytest.mark.default(10)
async def test_snapshots_and_gaps_show_no_more_than_the_live_stream(flock: Flock) -> None:
    gated = Gated(text="the secret", output=Post())
    flock.agent("acmes").consumes(Idea).publishes(Post, visibility=TenantVisibility("acme")).engine(gated)
    async with aclosing(flock.events()) as all_events:
        await anext(all_events)
        await flock.publish(Idea())
        async for event in all_events:
            if isinstance(event, StreamingOutputEvent) and event.content:
                break
    for cursor in (None, "other-7", f"{flock.journal.epoch}-{flock.journal.head + 9}"):
        for identity, streams in ((ACME, 1), (UMBRELLA, 0), (OPERATOR, 1)):
            async with aclosing(flock.events(cursor, seen_by=identity)) as feed:
                first = [await anext(feed) for _ in range((1 if cursor is None else 2) + streams)]
                snapshots = [event for event in first if isinstance(event, Snapshot)]
                assert len(snapshots) == streams
                assert all(snapshot.fields[0].text == "the secret" for snapshot in snapshots)
    gated.gate.set()
    await flock.run_until_idle()


async def test_viewers_with_the_same_right_share_frames_and_others_do_not(flock: Flock) -> None:
    from flock.selection import Selection

    flock.agent("acmes").consumes(Idea).publishes(Post, visibility=TenantVisibility("acme")).engine(writing())
    await flock.publish(Idea(text="x"))
    await flock.run_until_idle()
    flock.journal.pulse.published = flock.journal.head
    one, same = (flock.frames.read(0, Selection.of(seen_by=Identity(tenant="acme"))) for _ in range(2))
    other = flock.frames.read(0, Selection.of(seen_by=UMBRELLA))
    assert one is same
    assert one is not other
    assert len(one.items) > len(other.items)


async def test_what_opens_later_is_announced_again_and_sets_off_its_agents_then(flock: Flock) -> None:
    flock.agent("reader").consumes(Idea).publishes(Post).engine(writing())
    feed = flock.events(seen_by=Identity())
    await anext(feed)
    artifact = await flock.publish(Idea(text="later"), visibility=AfterVisibility(0.05))
    assert isinstance(artifact, Artifact)
    assert not list(flock.runs.all())
    async with aclosing(feed):
        announced = await anext(feed)
        assert isinstance(announced, ArtifactPublished)
        assert announced.artifact_id == str(artifact.id)
        assert artifact.is_seen_by(Identity())
    await flock.run_until_idle()
    (run,) = flock.runs.all()
    assert run.inputs == (artifact,)
    check_streams(await seen(flock, OPERATOR))


async def test_what_a_run_made_is_announced_again_as_no_event_of_the_run(flock: Flock) -> None:
    late = AfterVisibility(0.05, TenantVisibility("acme"))
    flock.agent("writer").consumes(Idea).publishes(Post, visibility=late).engine(writing())
    feed = flock.events(seen_by=ACME, type="VisiblePost")
    await anext(feed)
    await flock.publish(Idea(text="x"))
    await flock.run_until_idle()
    async with aclosing(feed):
        announced = await anext(feed)
    assert isinstance(announced, ArtifactPublished)
    assert announced.run_id is None
    events = await seen(flock, OPERATOR)
    check_streams(events)
    posts = [event for event in events if isinstance(event, ArtifactPublished) and event.artifact_type == "VisiblePost"]
    assert [event.run_id is None for event in posts] == [False, True]
    assert not [event for event in await seen(flock, ACME) if isinstance(event, RunEvent)]


async def test_what_opens_while_no_work_is_taken_is_announced_when_work_is_taken_again() -> None:
    async with Flock(view=None) as flock:
        feed = flock.events(seen_by=Identity())
        await anext(feed)
        async with flock.serving(port=0):
            await flock.publish(Idea(), visibility=AfterVisibility(0.01))
        async with aclosing(feed), asyncio.timeout(10):
            async for event in feed:
                if isinstance(event, ArtifactPublished):
                    break


async def test_more_than_may_wait_to_open_are_refused_and_nothing_is_published() -> None:
    async with Flock(view=None, limits=Limits(max_pending_openings=1)) as flock:
        await flock.publish(Idea(), visibility=AfterVisibility(1000))
        with pytest.raises(OverloadedError, match="wait to become visible"):
            await flock.publish([Idea(), Idea()], visibility=AfterVisibility(1000))
        assert len((await flock.board.query(Query())).items) == 1


async def test_an_engine_reads_the_board_as_its_agent_may_see_it(flock: Flock) -> None:
    found: list[list[str]] = []

    class Reading(Gated):
        async def evaluate(self, agent, ctx, inputs):  # type: ignore[no-untyped-def]
            page = await ctx.board.query(Query(type=frozenset({"VisibleIdea"})))
            found.append([artifact.payload.text for artifact in page.items])
            return await super().evaluate(agent, ctx, inputs)

    engine = Reading(output=Post())
    engine.gate.set()
    flock.agent("acmes").consumes(Post).publishes(Post).engine(engine).identity(tenant="acme")
    await flock.publish(Idea(text="acme's"), visibility=TenantVisibility("acme"))
    await flock.publish(Idea(text="umbrella's"), visibility=TenantVisibility("umbrella"))
    await flock.publish(Idea(text="all's"))
    await flock.publish(Post())
    await flock.run_until_idle()
    assert found == [["acme's", "all's"]]


async def test_nobody_learns_from_a_run_what_only_its_agent_may_read_on_the_board(flock: Flock) -> None:
    class Telling(Working):
        async def evaluate(self, agent, ctx, inputs):  # type: ignore[no-untyped-def]
            page = await ctx.board.query(Query(type=frozenset({"VisibleIdea"})))
            text = " ".join(artifact.payload.text for artifact in page.items)
            ctx.writer.append(text, field="text")
            return EvalResult.of(Post(text=text))

    engine = Telling(work=lambda ctx, inputs: [])
    flock.agent("lawyer").consumes(Post).publishes(Post).engine(engine).identity(labels=["legal"])
    await flock.publish(Idea(text="the contract"), visibility=LabelledVisibility(["legal"]))
    await flock.publish(Idea(text="the secret"), visibility=PrivateVisibility(["lawyer"]))
    await flock.publish(Idea(text="the news"))
    await flock.publish(Post())
    await flock.run_until_idle()
    await flock.publish(Post(), visibility=LabelledVisibility(["legal"]))
    await flock.run_until_idle()
    assert texts(await seen(flock, Identity())) == "the news"
    assert texts(await seen(flock, Identity(labels=frozenset({"legal"})))) == "the newsthe contract the news"


async def test_figures_of_the_process_are_not_for_tenants(flock: Flock) -> None:
    flock.journal.append(Meter(flock.streams).sample())
    for identity, count in ((OPERATOR, 1), (Identity(), 1), (ACME, 0)):
        events = await seen(flock, identity)
        assert len([event for event in events if isinstance(event, Metrics)]) == count


async def test_direct_runs_work_on_what_they_are_given_and_their_output_is_for_the_same_eyes(flock: Flock) -> None:
    agent = flock.agent("anybody").consumes(Idea).publishes(Post).engine(writing())
    (made,) = await flock.direct_invoke(agent, Idea(text="x"), visibility=TenantVisibility("acme"))
    assert made.visibility == TenantVisibility("acme")
    (run,) = flock.runs.all()
    assert run.inputs[0].visibility == run.visibility == TenantVisibility("acme")


def test_a_builder_refuses_what_is_no_visibility_or_identity() -> None:
    builder = Flock(view=None).agent("writer")
    with pytest.raises(ConfigurationError, match="is not a visibility"):
        builder.publishes(Post, visibility="public")  # type: ignore[arg-type] # on purpose
    with pytest.raises(ConfigurationError, match="is not a tenant"):
        builder.identity(tenant="")
    with pytest.raises(ConfigurationError, match="is not one of the labels"):
        builder.identity(labels=[""])


def test_calls_of_identity_add_up() -> None:
    builder = (
        Flock(view=None).agent("writer").identity(tenant="acme").identity(labels=["eu"]).identity(labels=["legal"])
    )
    assert builder.agent.identity == Identity(agent="writer", labels=frozenset({"eu", "legal"}), tenant="acme")
    with pytest.raises(ConfigurationError, match="is of tenant 'acme' already"):
        builder.identity(tenant="umbrella")


async def test_the_error_of_a_loop_names_no_agent_of_another_tenant() -> None:
    async with Flock(view=None, limits=Limits(max_depth=1)) as flock:
        ping = Working(work=lambda ctx, inputs: [Post()])
        pong = Working(work=lambda ctx, inputs: [Idea()])
        flock.agent("anybody").consumes(Idea).publishes(Post, visibility=PublicVisibility()).engine(ping)
        flock.agent("acmes_secret").consumes(Post).publishes(Idea, visibility=PublicVisibility()).engine(pong).identity(
            tenant="acme"
        )
        await flock.publish(Idea())
        await flock.run_until_idle()
        (failed,) = [run for run in flock.runs.all() if run.state == "failed"]
        assert failed.agent_name == "anybody"
        assert "runs so far: 'anybody' 1)" in str(failed.outcome)
