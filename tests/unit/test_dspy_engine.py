"""The DSPy engine on the demo model: every field streams, every replacement call is a new attempt."""

import asyncio
import json
import threading
from typing import Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from flock.artifacts import flock_type
from flock.engines.answering import CORRECTIONS
from flock.engines.dspy_engine import DSPyEngine
from flock.engines.model import AnswerFormat
from flock.errors import ConfigurationError
from flock.events import AttemptStarted, StreamingOutputEvent
from tests.runs import Ran, run_engine

FAST = "demo/writer?tokens_per_s=0&first_token_s=0&words=30"
FORMATS: list[AnswerFormat] = ["chat", "json", "xml"]


class Section(BaseModel):
    heading: str
    lines: list[str] = Field(min_length=1)


@flock_type(name="engine.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="engine.Post")
class Post(BaseModel):
    """A blog post."""

    title: str = Field(min_length=3)
    body: str
    score: int = Field(ge=0, le=10)
    verdict: Literal["good", "bad"]
    sections: list[Section]
    note: str | None = None


@flock_type(name="engine.Summary")
class Summary(BaseModel):
    title: str
    is_short: bool


@flock_type(name="engine.Awkward")
class Awkward(BaseModel):
    signature: str
    completed: str
    reasoning: str
    engine_idea: str


@flock_type(name="engine.Shouting")
class Shouting(BaseModel):
    text: str

    @field_validator("text")
    @classmethod
    def _loud(cls, value: str) -> str:
        return value.upper()


@flock_type(name="engine.Picky")
class Picky(BaseModel):
    number: int = Field(ge=0, le=3)


def check_complete(ran: Ran) -> None:
    assert ran.outcome.status == "completed", ran.outcome
    assert all(field.matches for field in ran.outcome.fields), ran.outcome.fields
    sequences = [event for event in ran.events if isinstance(event, StreamingOutputEvent)]
    expected = 0
    for event in sequences:
        assert event.sequence == expected
        expected += event.count


@pytest.mark.parametrize("adapter", FORMATS)
async def test_every_field_streams_as_its_value(adapter: AnswerFormat) -> None:
    ran = await run_engine(DSPyEngine(model=FAST, adapter=adapter), Idea(topic="owls"), outputs=[Post])
    check_complete(ran)
    post = ran.artifacts[0].payload
    assert isinstance(post, Post)
    assert ran.text("title") == post.title
    assert ran.text("body") == post.body
    assert ran.text("sections/0/heading") == post.sections[0].heading
    assert ran.text("score") == str(post.score)
    assert ran.outcome.finish_reason == "stop"
    assert ran.outcome.usage["completion_tokens"] > 0


@pytest.mark.parametrize("adapter", FORMATS)
async def test_several_types_come_from_one_call(adapter: AnswerFormat) -> None:
    ran = await run_engine(DSPyEngine(model=FAST, adapter=adapter), Idea(topic="owls"), outputs=[Post, Summary])
    check_complete(ran)
    ids = [str(artifact.id) for artifact in ran.artifacts]
    titles = {
        event.artifact_id for event in ran.events if isinstance(event, StreamingOutputEvent) and event.field == "title"
    }
    assert titles == set(ids)


@pytest.mark.parametrize("adapter", FORMATS)
@pytest.mark.parametrize("program", ["predict", "chain_of_thought"])
async def test_names_that_collide_in_the_prompt_keep_their_own_on_the_wire(
    adapter: AnswerFormat, program: Literal["predict", "chain_of_thought"]
) -> None:
    engine = DSPyEngine(model=FAST, adapter=adapter, program=program)
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Awkward])
    check_complete(ran)
    assert {field.field for field in ran.outcome.fields} == set(Awkward.model_fields)


async def test_chain_of_thought_streams_its_reasoning_as_reasoning() -> None:
    engine = DSPyEngine(model=FAST, program="chain_of_thought")
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Summary])
    check_complete(ran)
    assert ran.text(None, output_type="reasoning")


async def test_the_models_own_reasoning_streams_as_reasoning() -> None:
    ran = await run_engine(DSPyEngine(model=f"{FAST}&reasoning=1"), Idea(topic="owls"), outputs=[Summary])
    check_complete(ran)
    assert ran.text(None, output_type="reasoning")


async def test_tools_plain_and_async_are_called_and_shown() -> None:
    threads: list[int] = []

    def count_letters(word: str) -> int:
        """Count the letters of a word."""
        threads.append(threading.get_ident())
        return len(word)

    async def look_up(word: str) -> dict[str, str]:
        """Look up a word."""
        threads.append(threading.get_ident())
        return {"word": word}

    ran = await run_engine(
        DSPyEngine(model=FAST), Idea(topic="owls"), outputs=[Summary], tools=[count_letters, look_up]
    )
    check_complete(ran)
    here = threading.get_ident()
    assert [ident == here for ident in threads] == [False, True], "the plain tool leaves the event loop free"
    outputs = [event for event in ran.events if isinstance(event, StreamingOutputEvent)]
    calls = [json.loads(event.content) for event in outputs if event.output_type == "tool_call"]
    assert [call["name"] for call in calls] == ["count_letters", "look_up"]
    assert len([event for event in outputs if event.output_type == "tool_result"]) == 2
    assert max(event.step for event in outputs) == 4, "two tool calls, finish, and the answer"
    assert all(event.step == 4 for event in outputs if event.output_type == "llm_token")


async def test_a_tool_that_fails_is_shown_and_the_run_goes_on() -> None:
    def broken(word: str) -> str:
        """Break."""
        raise RuntimeError("the tool is broken")

    ran = await run_engine(DSPyEngine(model=FAST), Idea(topic="owls"), outputs=[Summary], tools=[broken])
    check_complete(ran)
    assert "the tool is broken" in ran.text(None, output_type="tool_result")


async def test_a_validator_that_changes_a_value_is_told() -> None:
    ran = await run_engine(DSPyEngine(model=FAST), Idea(topic="owls"), outputs=[Shouting])
    (field,) = ran.outcome.fields
    assert not field.matches
    assert field.value == ran.text("text").upper()


@pytest.mark.parametrize("fail", ["format", "invalid"])
@pytest.mark.parametrize("adapter", FORMATS)
async def test_an_answer_that_does_not_fit_is_asked_for_once_more(fail: str, adapter: AnswerFormat) -> None:
    engine = DSPyEngine(model=f"{FAST}&fail={fail}&fail_times=1", adapter=adapter)
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Picky])
    check_complete(ran)
    (attempt,) = ran.of_type(AttemptStarted)
    assert isinstance(attempt, AttemptStarted)
    assert attempt.attempt == 2


async def test_an_answer_that_never_fits_fails_with_what_is_wrong() -> None:
    ran = await run_engine(DSPyEngine(model=f"{FAST}&fail=invalid"), Idea(topic="owls"), outputs=[Picky])
    assert ran.outcome.status == "failed"
    assert ran.outcome.error is not None
    assert ran.outcome.error.code == "FLK-FORMAT"
    assert "number" in ran.outcome.error.message
    assert len(ran.of_type(AttemptStarted)) == CORRECTIONS


@pytest.mark.parametrize("fail", ["connect", "rate_limit", "truncate"])
async def test_a_fault_that_may_pass_is_tried_again_as_a_new_attempt(fail: str) -> None:
    engine = DSPyEngine(model=f"{FAST}&fail={fail}&fail_times=1", max_retries=1)
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Summary])
    check_complete(ran)
    assert len(ran.of_type(AttemptStarted)) == 1


@pytest.mark.parametrize("fail", ["length", "filter"])
async def test_a_cut_or_filtered_answer_is_a_failure_with_its_reason(fail: str) -> None:
    ran = await run_engine(DSPyEngine(model=f"{FAST}&fail={fail}"), Idea(topic="owls"), outputs=[Summary])
    assert ran.outcome.status == "failed"
    assert ran.outcome.finish_reason == {"length": "length", "filter": "content_filter"}[fail]
    assert not ran.artifacts


async def test_a_model_that_hangs_ends_at_its_deadline() -> None:
    engine = DSPyEngine(model=f"{FAST}&fail=hang", progress_timeout_s=0.05, max_retries=0)
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Summary])
    assert ran.outcome.status == "timed_out"
    assert ran.outcome.error is not None
    assert ran.outcome.error.code == "FLK-MODEL-DEADLINE"


async def test_the_whole_run_has_a_deadline() -> None:
    engine = DSPyEngine(model=f"{FAST}&fail=hang", total_timeout_s=0.3)
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Summary])
    assert ran.outcome.status == "timed_out"


async def test_without_stream_the_output_appears_whole() -> None:
    ran = await run_engine(DSPyEngine(model=FAST, stream=False), Idea(topic="owls"), outputs=[Summary])
    check_complete(ran)
    outputs = [event for event in ran.events if isinstance(event, StreamingOutputEvent) and not event.is_final]
    assert [event.count for event in outputs] == [1] * len(outputs)


async def test_a_run_that_is_cancelled_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    engine = DSPyEngine(model=f"{FAST}&fail=hang")
    task = asyncio.create_task(run_engine(engine, Idea(topic="owls"), outputs=[Summary]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before


def test_an_engine_without_a_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from flock.agent import Agent

    agent = Agent(name="w", output_types=[Summary], engine=DSPyEngine())
    with pytest.raises(ConfigurationError, match="demo/writer"):
        agent.check_engine()


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="temprature"):
        DSPyEngine(temprature=1)  # type: ignore[call-arg]  # the point of the test
