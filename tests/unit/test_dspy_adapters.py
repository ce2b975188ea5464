"""How flock asks a model in DSPy's name: itself where nobody would see the difference, through DSPy where one would."""

import gc
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import dspy
import pytest
from dspy.adapters.types.decision import Noul
from dspy.utils.callback import BaseCallback
from pydantic import BaseModel, Field

from flock.artifacts import flock_type
from flock.engines.demo import DemoModel
from flock.engines.dspy_adapters import _writer
from flock.engines.dspy_engine import DSPyEngine
from flock.engines.dspy_program import build_signature
from flock.engines.model import AnswerFormat, Completion, ModelCall, TokenSink
from flock.engines.output_plan import OutputPlan
from tests.runs import Ran, run_engine

FAST = "demo/writer?tokens_per_s=0&first_token_s=0&words=30"
FORMATS: list[AnswerFormat] = ["chat", "json", "xml"]
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


@flock_type(name="adapters.Idea")
class Idea(BaseModel):
    topic: str


@flock_type(name="adapters.Picture")
class Picture(BaseModel):
    image: dspy.Image


@flock_type(name="adapters.Post")
class Post(BaseModel):
    title: str
    stars: int


@flock_type(name="adapters.Verdict")
class Verdict(BaseModel):
    is_good: Noul = Field(description="Is it good?")


class Listener(BaseCallback):  # type: ignore[misc]  # DSPy is untyped
    """Counts the model calls that DSPy tells of."""

    def __init__(self) -> None:
        self.calls = 0

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.calls += 1


class Recorder:
    """A model that keeps what it is asked, and answers like the demo."""

    def __init__(self) -> None:
        self.bodies: list[Mapping[str, Any]] = []
        self._model = DemoModel.from_name(FAST)

    async def complete(self, call: ModelCall, sink: TokenSink) -> Completion:
        self.bodies.append(call.body)
        return await self._model.complete(call, sink)

    async def aclose(self) -> None:
        await self._model.aclose()


async def asked(*inputs: BaseModel, adapter: AnswerFormat = "chat", **settings: Any) -> tuple[Ran, Recorder]:
    model, tools, outputs = Recorder(), settings.pop("tools", ()), settings.pop("outputs", [Post])
    engine = DSPyEngine(model=FAST, adapter=adapter, **settings)
    engine._client = model
    return await run_engine(engine, *inputs, outputs=outputs, tools=tools), model


@pytest.mark.parametrize("program", ["predict", "chain_of_thought"])
@pytest.mark.parametrize("adapter", FORMATS)
async def test_a_model_is_asked_the_same_whether_dspy_is_watched_or_not(adapter: AnswerFormat, program: str) -> None:
    listener = Listener()
    alone, model = await asked(Idea(topic="owls"), adapter=adapter, program=program, temperature=0.5)
    with dspy.context(callbacks=[listener]):
        watched, watched_model = await asked(Idea(topic="owls"), adapter=adapter, program=program, temperature=0.5)
    assert listener.calls == 1
    assert model.bodies == watched_model.bodies
    assert model.bodies[0]["temperature"] == 0.5
    assert alone.artifacts[0].payload == watched.artifacts[0].payload


@pytest.mark.parametrize("watching", [dspy.track_usage, lambda: dspy.context(track_usage=True)])
async def test_a_run_completes_while_usage_is_tracked(watching: Any) -> None:
    scope: AbstractContextManager[Any] = watching()
    with scope:
        ran, model = await asked(Idea(topic="owls"))
    assert ran.outcome.status == "completed"
    assert len(model.bodies) == 1


async def test_a_picture_reaches_the_model_as_one() -> None:
    ran, model = await asked(Picture(image=dspy.Image(DOT)))
    assert ran.outcome.status == "completed"
    content = model.bodies[0]["messages"][-1]["content"]
    assert {"type": "image_url", "image_url": {"url": DOT}} in content


async def test_a_type_of_dspys_is_asked_for_in_its_own_way() -> None:
    _, model = await asked(Idea(topic="owls"), outputs=[Verdict])
    with dspy.context(callbacks=[Listener()]):
        _, watched_model = await asked(Idea(topic="owls"), outputs=[Verdict])
    assert model.bodies == watched_model.bodies


async def test_what_a_tool_asks_with_settings_of_its_own_is_asked_with_them() -> None:
    async def note(word: str) -> str:
        """Ask the run's model for a note."""
        return str((await dspy.Predict("word -> note").acall(word=word, config={"temperature": 0.25})).note)

    ran, model = await asked(Idea(topic="owls"), tools=[note])
    assert ran.outcome.status == "completed"
    assert [body["temperature"] for body in model.bodies if "temperature" in body] == [0.25]


async def test_a_tools_own_model_answers_what_the_tool_asks_it() -> None:
    other = Listener()

    async def note(word: str) -> str:
        """Ask a copy of the run's model for a note."""
        lm = dspy.settings.lm.copy(callbacks=[other])
        return str((await dspy.Predict("word -> note").acall(word=word, lm=lm)).note)

    ran, _ = await asked(Idea(topic="owls"), tools=[note])
    assert ran.outcome.status == "completed"
    assert other.calls == 1


@pytest.mark.parametrize("adapter", FORMATS)
def test_a_prompt_is_dspys_own_and_its_signature_is_forgotten_with_it(adapter: AnswerFormat) -> None:
    own = {"chat": dspy.ChatAdapter, "json": dspy.JSONAdapter, "xml": dspy.XMLAdapter}[adapter]()
    inputs = {"idea": Idea(topic="owls")}
    first, second = (
        build_signature(text, inputs, OutputPlan([Post])) for text in ("Write a post", "Write a better one")
    )
    for signature in (first, second, first):
        assert _writer(adapter).format(signature, [], inputs) == own.format(signature, [], inputs)
    known = weakref.ref(first)
    del first, signature
    gc.collect()
    assert known() is None
