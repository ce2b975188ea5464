"""The DSPy engine against an OpenAI-compatible server in another process: real HTTP, real SSE."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import BaseModel, Field

from flock.artifacts import flock_type
from flock.engines.dspy_engine import DSPyEngine
from flock.engines.model import AnswerFormat
from flock.events import AttemptStarted
from flock.orchestrator import Flock
from tests.runs import run_engine
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script

KEY = "sk-test-abcdefghijklmnopqrstuvwxyz"


@flock_type(name="http.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="http.Post")
class Post(BaseModel):
    title: str
    body: str


class Sub(BaseModel):
    v: str = Field(alias="theV")
    size: int = Field(alias="theSize")


@flock_type(name="http.Aliased")
class Aliased(BaseModel):
    subs: list[Sub]


@pytest.fixture(scope="module")
def server_process() -> Iterator[OpenAIServer]:
    with run_openai_server() as server:
        yield server


@pytest.fixture
async def server(server_process: OpenAIServer) -> OpenAIServer:
    await server_process.reset()
    return server_process


def engine(server: OpenAIServer, **settings: Any) -> DSPyEngine:
    return DSPyEngine(**{"model": "openai/test-model", "base_url": server.base_url, "api_key": KEY, **settings})


def chat(title: str, body: str) -> str:
    return f"[[ ## title ## ]]\n{title}\n\n[[ ## body ## ]]\n{body}\n\n[[ ## completed ## ]]"


@pytest.mark.parametrize("adapter", ["chat", "json", "xml"])
@pytest.mark.parametrize("model", ["openai/test-model", "ollama/test-model"])
async def test_tokens_stream_into_their_fields(server: OpenAIServer, adapter: AnswerFormat, model: str) -> None:
    await server.script(Script(tokens=40))
    ran = await run_engine(engine(server, adapter=adapter, model=model), Idea(topic="owls"), outputs=[Post])
    assert ran.outcome.status == "completed", ran.outcome
    post = ran.artifacts[0].payload
    assert isinstance(post, Post)
    assert (ran.text("title"), ran.text("body")) == (post.title, post.body)
    assert all(field.matches for field in ran.outcome.fields)
    (request,) = await server.requests()
    assert request["body"]["model"] == "test-model"
    assert request["body"]["stream"] is True


@contextmanager
def uncollected() -> Iterator[list[object]]:
    """Give a list of what the garbage collector alone would free, filled when the block ends."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_a_run_that_has_ended_leaves_nothing_to_the_garbage_collector(server: OpenAIServer) -> None:
    async def run() -> None:
        await server.script(Script(tokens=5))
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle()

    async with Flock("openai/test-model", view=None) as flock:
        flock.agent("writer").consumes(Idea).publishes(Post).engine(engine(server))
        await run()  # what is made once is made now
        with uncollected() as found:
            await run()
    assert not [thing for thing in found if type(thing).__module__.startswith("flock.")]


@pytest.mark.parametrize("spelling", ["reasoning", "reasoning_content"])
async def test_reasoning_streams_as_reasoning(server: OpenAIServer, spelling: Any) -> None:
    await server.script(Script(steps=[(spelling, "Let me "), (spelling, "think."), ("text", chat("A", "B"))]))
    ran = await run_engine(engine(server), Idea(topic="owls"), outputs=[Post])
    assert ran.text(None, output_type="reasoning") == "Let me think."
    assert ran.text("body") == "B"


async def test_the_prompt_holds_the_contract(server: OpenAIServer) -> None:
    await server.script(Script())
    await run_engine(
        engine(server, temperature=0.5, max_tokens=77),
        Idea(topic="barn owls"),
        outputs=[Post],
        description="Write well",
    )
    (request,) = await server.requests()
    text = " ".join(message["content"] for message in request["body"]["messages"])
    for part in ("Write well", "barn owls", "title", "body"):
        assert part in text
    assert request["body"]["temperature"] == 0.5
    assert request["body"]["max_tokens"] == 77


async def test_a_rate_limit_is_waited_out_in_a_new_attempt(server: OpenAIServer) -> None:
    await server.script(
        Script(status=429, headers={"Retry-After": "0"}, body='{"error": {"message": "slow down"}}'), Script()
    )
    ran = await run_engine(engine(server), Idea(topic="owls"), outputs=[Post])
    assert ran.outcome.status == "completed"
    (attempt,) = ran.of_type(AttemptStarted)
    assert isinstance(attempt, AttemptStarted)
    assert "slow down" in attempt.reason


async def test_an_answer_cut_off_after_text_is_replaced_by_a_new_attempt(server: OpenAIServer) -> None:
    await server.script(
        Script(steps=[("text", "[[ ## title ## ]]\nHalf a ti"), ("close", None)], finish_reason=None),
        Script(steps=[("text", chat("Whole", "All of it"))]),
    )
    ran = await run_engine(engine(server), Idea(topic="owls"), outputs=[Post])
    assert ran.outcome.status == "completed", ran.outcome
    assert ran.text("title", attempt=1) == "Half a ti"
    assert ran.text("title") == "Whole"
    assert all(field.matches for field in ran.outcome.fields)


async def test_an_error_never_repeats_the_key(server: OpenAIServer) -> None:
    await server.script(Script(status=401, body=f'{{"error": {{"message": "bad key {KEY}"}}}}'))
    ran = await run_engine(engine(server), Idea(topic="owls"), outputs=[Post])
    assert ran.outcome.status == "failed"
    assert ran.outcome.error is not None
    assert KEY not in repr(ran)
    assert "bad key" in ran.outcome.error.message


async def test_a_correction_shows_the_model_its_answer_and_the_error(server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "I'd rather not.")]), Script())
    ran = await run_engine(engine(server), Idea(topic="owls"), outputs=[Post])
    assert ran.outcome.status == "completed", ran.outcome
    _, second = await server.requests()
    assert second["body"]["messages"][-2]["content"] == "I'd rather not."
    assert "does not fit" in second["body"]["messages"][-1]["content"]


async def test_cancelling_closes_the_providers_connection(server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "[[ ## title ## ]]\nOw"), ("gate", "never")]))
    task = asyncio.create_task(run_engine(engine(server), Idea(topic="owls"), outputs=[Post]))
    await server.wait_at_gate("never")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (request,) = await server.wait_for("closed_early")
    assert request["body"]["model"] == "test-model"


async def test_without_stream_the_provider_is_not_asked_to_stream(server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", chat("A", "B"))]))
    ran = await run_engine(engine(server, stream=False), Idea(topic="owls"), outputs=[Post])
    assert ran.outcome.status == "completed", ran.outcome
    (request,) = await server.requests()
    assert not request["body"].get("stream")


async def test_split_utf8_and_crlf_are_no_matter(server: OpenAIServer) -> None:
    body = "Öwls 🦉 и совы \u2028 end"
    await server.script(Script(steps=[("words", chat("Ä", body))], newline="\r\n", split_bytes=1))
    ran = await run_engine(engine(server), Idea(topic="owls"), outputs=[Post])
    assert ran.text("body") == body
    assert ran.outcome.status == "completed"


@pytest.mark.parametrize(
    ("adapter", "answer"),
    [
        ("chat", '[[ ## subs ## ]]\n[{"theV": "owl", "theSize": 3}]\n\n[[ ## completed ## ]]'),
        ("json", '{"subs": [{"theV": "owl", "theSize": 3}]}'),
        ("xml", "<subs><item><v>owl</v><size>3</size></item></subs>"),
    ],
)
async def test_text_under_an_alias_streams_under_the_models_name(
    server: OpenAIServer, adapter: AnswerFormat, answer: str
) -> None:
    await server.script(Script(steps=[("text", answer)]))
    ran = await run_engine(engine(server, adapter=adapter), Idea(topic="owls"), outputs=[Aliased])
    assert ran.outcome.status == "completed", ran.outcome
    assert ran.text("subs/0/v") == "owl"
    assert all(field.matches for field in ran.outcome.fields)
