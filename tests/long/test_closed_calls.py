"""A cancelled run gives up its call to the model server at once: the server sees the connection closed."""

import asyncio
import time
from collections.abc import Iterator
from statistics import median

import pytest
from pydantic import BaseModel

from flock.artifacts import flock_type
from flock.engines.dspy_engine import DSPyEngine
from flock.orchestrator import Flock
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script

ROUNDS = 20
CLOSED_WITHIN_S = 1

SILENT = Script(steps=[("headers", None), ("gate", "never")])
STREAMING = Script(steps=[("text", "word "), ("gate", "never")])
WITHOUT_HEADERS = Script(steps=[("gate", "never")])
WAYS_TO_KEEP_ONE_WAITING = (SILENT, STREAMING, WITHOUT_HEADERS)


@flock_type(name="closed.Idea")
class Idea(BaseModel):
    """What a run is asked for."""

    topic: str


@flock_type(name="closed.Post")
class Post(BaseModel):
    """What no run gets to publish."""

    text: str


@pytest.fixture(scope="module")
def models() -> Iterator[OpenAIServer]:
    with run_openai_server() as server:
        yield server


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("model", ["openai/test", "groq/test", "hosted_vllm/test"])
async def test_the_model_server_sees_the_connection_of_a_cancelled_run_closed_within_a_second(
    models: OpenAIServer, model: str
) -> None:
    async with Flock(model, base_url=models.base_url, api_key="sk-test", view=None) as flock:
        flock.agent("writer").consumes(Idea).publishes(Post).engine(DSPyEngine())
        await flock.prepare()
        took_s = [await cancel_one(flock, models, script) for script in WAYS_TO_KEEP_ONE_WAITING * ROUNDS]
    middle_ms, most_ms = median(took_s) * 1000, max(took_s) * 1000
    print(f"figure: {model}: {len(took_s)} calls closed {middle_ms:.0f} ms after cancel, {most_ms:.0f} ms at most")


async def cancel_one(flock: Flock, models: OpenAIServer, script: Script) -> float:
    """Cancel a run whose call is under way, and give after how many seconds the server reports its connection closed.

    Raises `TimeoutError` where that takes longer than it may.
    """
    await models.reset()
    await models.script(script)
    run = await flock.start_run("writer", [Idea(topic="owls")])
    await models.wait_at_gate("never")
    began = time.perf_counter()
    async with asyncio.timeout(CLOSED_WITHIN_S):
        flock.cancel(run.run_id)
        await models.wait_for("closed_early")
    took_s = time.perf_counter() - began
    assert (await flock.wait_run(run.run_id)).state == "cancelled"
    return took_s
