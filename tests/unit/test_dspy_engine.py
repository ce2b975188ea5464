"""The DSPy engine on the demo model: every field streams, every replacement call is a new attempt."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, RootModel, field_validator

from flock.agent import Agent
from flock.artifacts import flock_type
from flock.engines.answering import CORRECTIONS
from flock.engines.base import ModelDefaults
from flock.engines.dspy_engine import DSPyEngine
from flock.engines.model import AnswerFormat, Completion, Model, ModelCall, TokenSink
from flock.engines.model_names import Endpoint
from flock.engines.output_plan import OutputPlan
from flock.engines.tool_view import ToolView, tool_name
from flock.errors import ConfigurationError, MissingKeyError
from flock.events import AttemptStarted, StreamingOutputEvent
from flock.orchestrator import Flock
from flock.redaction import Redactor
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


@flock_type(name="engine.Names")
class Names(RootModel[list[str]]):
    root: list[str] = Field(min_length=1)


@flock_type(name="engine.Counts")
class Counts(RootModel[dict[str, int]]):
    root: dict[str, int] = Field(min_length=1)


@flock_type(name="engine.Line")
class Line(RootModel[str]):
    """One line."""


@flock_type(name="engine.Sections")
class Sections(RootModel[list[Section] | None]):
    pass


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


async def test_a_tool_that_asks_the_process_to_exit_is_shown_and_the_run_goes_on() -> None:
    def leave(word: str) -> str:
        """Leave."""
        sys.exit(2)

    async def leave_later(word: str) -> str:
        """Leave, asynchronously."""
        raise SystemExit("usage: tool WORD")

    ran = await run_engine(DSPyEngine(model=FAST), Idea(topic="owls"), outputs=[Summary], tools=[leave, leave_later])
    check_complete(ran)
    assert ran.text(None, output_type="tool_result") == "SystemExit: 2SystemExit: usage: tool WORD"


class Sighting(BaseModel):
    bird: str


async def test_half_a_character_from_a_tool_does_not_fail_the_run() -> None:
    def text(word: str) -> str:
        """Give a text."""
        return "owl\ud800"

    def record(word: str) -> dict[str, Any]:
        """Give a record."""
        return {"bird\ud800": ["owl\udfff", Sighting.model_construct(bird="\ud800")]}

    def broken(word: str) -> str:
        """Break."""
        raise RuntimeError("no owl\ud800")

    ran = await run_engine(DSPyEngine(model=FAST), Idea(topic="owls"), outputs=[Summary], tools=[text, record, broken])
    check_complete(ran)
    outputs = [event for event in ran.events if isinstance(event, StreamingOutputEvent)]
    results = [event.content for event in outputs if event.output_type == "tool_result"]
    assert results == ["owl\ufffd", '{"bird\ufffd": ["owl\ufffd", {"bird": "\ufffd"}]}', "RuntimeError: no owl\ufffd"]


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
    flock = Flock(view=None)
    engine = DSPyEngine(model=f"{FAST}&fail=hang", total_timeout_s=0.3)
    flock.agent("writer").consumes(Idea).publishes(Summary).engine(engine)
    async with flock:
        run = await flock.start_run("writer", [Idea(topic="owls")])
        await flock.wait_run(run.run_id)
    assert run.outcome is not None
    assert run.outcome.status == "timed_out"


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
    agent = Agent(name="w", output_types=[Summary], engine=DSPyEngine())
    with pytest.raises(ConfigurationError, match="demo/writer"):
        agent.check_engine()


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="temprature"):
        DSPyEngine(temprature=1)  # type: ignore[call-arg]  # the point of the test


@pytest.mark.parametrize("adapter", FORMATS)
@pytest.mark.parametrize("model", [Names, Counts, Line, Sections])
async def test_a_root_model_streams_as_its_value(adapter: AnswerFormat, model: type[BaseModel]) -> None:
    ran = await run_engine(DSPyEngine(model=FAST, adapter=adapter), Idea(topic="owls"), outputs=[model])
    check_complete(ran)
    assert ran.outcome.fields
    both = await run_engine(DSPyEngine(model=FAST, adapter=adapter), Idea(topic="owls"), outputs=[model, Summary])
    check_complete(both)


def test_what_was_checked_is_not_planned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[Sequence[type[BaseModel]]] = []

    class Noted(OutputPlan):
        def __init__(self, models: Sequence[type[BaseModel]]) -> None:
            planned.append(models)
            super().__init__(models)

    monkeypatch.setattr("flock.engines.dspy_engine.OutputPlan", Noted)
    engine = DSPyEngine(model=FAST)
    for output in (Post, Summary, Post, Post):
        engine.check(Agent(name="w", output_types=[output]))
    assert planned == [[Post], [Summary]]


class Timing(DSPyEngine):
    """Talks to a model whose socket times out."""

    def _make_model(self, endpoint: Endpoint) -> Model:
        return TimedOut()


class TimedOut:
    async def complete(self, call: ModelCall, sink: TokenSink) -> Completion:
        raise TimeoutError("a socket timed out")

    async def aclose(self) -> None:
        pass


async def test_a_timeout_from_elsewhere_is_not_the_runs_deadline() -> None:
    ran = await run_engine(Timing(model=FAST), Idea(topic="owls"), outputs=[Summary])
    assert ran.outcome.error is not None
    assert ran.outcome.error.code != "FLK-MODEL-DEADLINE"
    assert "a socket timed out" in ran.outcome.error.message


def test_an_engine_works_for_one_flock() -> None:
    redactor, defaults = Redactor(), ModelDefaults(model=FAST)
    engine = DSPyEngine()
    engine.bind(defaults, redactor)
    engine.bind(defaults, redactor)
    for other in [(defaults, Redactor()), (ModelDefaults(model="demo/poet"), redactor)]:
        with pytest.raises(ConfigurationError, match="belongs to another flock"):
            engine.bind(*other)
    assert engine.label().model == FAST


@pytest.mark.parametrize(
    ("flocks_model", "engines_model", "is_shared"),
    [
        ("openai/a", "openai/b", True),
        ("openai/a", "b", True),
        (None, "openai/b", True),
        (None, "b", True),
        ("anthropic/a", "openai/b", False),
    ],
)
def test_a_flocks_key_goes_only_to_models_of_its_own_provider(
    monkeypatch: pytest.MonkeyPatch, flocks_model: str | None, engines_model: str, is_shared: bool
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    engine = DSPyEngine(model=engines_model)
    engine.bind(ModelDefaults(flocks_model, None, "the flock's key"), Redactor())
    agent = Agent(name="w", output_types=[Summary])
    if is_shared:
        engine.check(agent)
    else:
        with pytest.raises(MissingKeyError):
            engine.check(agent)


def test_a_key_from_the_environment_is_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key of no known shape")
    redactor = Redactor()
    engine = DSPyEngine(model="openai/some-model")
    engine.bind(ModelDefaults(), redactor)
    engine.check(Agent(name="w", output_types=[Summary]))
    assert redactor.redact("sent a key of no known shape") == "sent [redacted]"


def look_up(word: str, *, key: str, limit: int = 3) -> str:
    """Look up a word."""
    return f"{word} {key} {limit}"


class WordCounter:
    """Counts."""

    def __call__(self, text: str) -> int:
        """Count the words of a text."""
        return len(text.split())


def test_every_callable_has_a_name_and_shows_what_it_takes() -> None:
    part = ToolView.of(partial(look_up, key="secret"))
    assert (part.name, part.doc) == ("look_up", "Look up a word.")
    assert list(part.signature.parameters) == ["word", "limit"]
    assert part.hints == {"word": str, "limit": int, "return": str}
    counter = ToolView.of(WordCounter())
    assert (counter.name, counter.doc, counter.hints["text"]) == ("word_counter", "Count the words of a text.", str)
    assert tool_name(lru_cache(look_up)) == "look_up"
    assert tool_name(partial(partial(WordCounter()), "a")) == "word_counter"
    assert tool_name(lambda: 0) == "lambda"


async def test_partials_and_callable_objects_are_called_by_their_names() -> None:
    ran = await run_engine(
        DSPyEngine(model=FAST),
        Idea(topic="owls"),
        outputs=[Summary],
        tools=[partial(look_up, key="secret"), WordCounter()],
    )
    check_complete(ran)
    outputs = [event for event in ran.events if isinstance(event, StreamingOutputEvent)]
    calls = [json.loads(event.content) for event in outputs if event.output_type == "tool_call"]
    assert [call["name"] for call in calls] == ["look_up", "word_counter"]
    assert set(calls[0]["arguments"]) <= {"word", "limit"}
    results = [event.content for event in outputs if event.output_type == "tool_result"]
    assert "secret 3" in results[0]


@pytest.mark.parametrize("tools", [[look_up, partial(look_up, key="x")], [partial(look_up, key="x")] * 2])
def test_two_tools_of_one_name_are_refused(tools: list[Any]) -> None:
    with pytest.raises(ConfigurationError, match="two tools named 'look_up'"):
        DSPyEngine(model=FAST).check(Agent(name="w", output_types=[Summary], tools=tools))


def test_a_tool_named_like_the_programs_own_is_refused() -> None:
    def finish() -> None: ...

    with pytest.raises(ConfigurationError, match="'finish'"):
        DSPyEngine(model=FAST).check(Agent(name="w", output_types=[Summary], tools=[finish]))


async def test_the_error_of_a_tool_never_repeats_a_key() -> None:
    def broken(word: str) -> str:
        """Break."""
        raise RuntimeError("no access with a key of no known shape")

    engine = DSPyEngine(model=FAST, api_key="a key of no known shape")
    ran = await run_engine(engine, Idea(topic="owls"), outputs=[Summary], tools=[broken])
    assert ran.text(None, output_type="tool_result") == "RuntimeError: no access with [redacted]"


def test_preparing_imports_what_the_first_run_needs() -> None:
    code = (
        "import asyncio, sys; from flock.engines.dspy_engine import DSPyEngine; assert 'dspy' not in sys.modules; "
        "asyncio.run(DSPyEngine(model='demo/writer').prepare()); assert 'flock.engines.dspy_program' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_engine_has_as_many_connections_as_its_client_and_passes_its_limit_on() -> None:
    from flock.engines.openai_stream import MAX_CONNECTIONS, OpenAIStream

    assert DSPyEngine().max_connections == MAX_CONNECTIONS
    engine = DSPyEngine(model="openai/m", base_url="http://127.0.0.1:9/v1", api_key="k", max_connections=7)
    model = engine._model(engine._endpoint())
    assert isinstance(model, OpenAIStream)
    assert model._max_connections == 7
