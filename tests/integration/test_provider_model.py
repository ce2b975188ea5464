"""Other providers, through DSPy's own client and through LiteLLM, against a real server in another process."""

import sys
from collections.abc import AsyncGenerator, Iterator
from importlib.abc import MetaPathFinder

import pytest
from dspy.lm15 import ErrorDetail, StreamErrorEvent

from flock.engines.dspy_engine import DSPyEngine
from flock.engines.dspy_stream import ProviderModel
from flock.engines.model import ModelCall
from flock.errors import ModelError
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script

KEY = "gsk_abcdefghijklmnopqrstuvwxyz"
SECRET = "a key of no known shape"
MODELS = ["groq/some-model", "hosted_vllm/some-model"]
CALL = ModelCall("some-model", {"messages": [{"role": "user", "content": "Say something"}]})


class Heard:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.thought: list[str] = []

    def text(self, text: str) -> None:
        self.said.append(text)

    def reasoning(self, text: str) -> None:
        self.thought.append(text)

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        raise AssertionError("no tools were offered")


@pytest.fixture(scope="module")
def server_process() -> Iterator[OpenAIServer]:
    with run_openai_server() as server:
        yield server


class Refusing(MetaPathFinder):
    """Stands before all imports and lets one module not in."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == self._name:
            raise ModuleNotFoundError(f"{fullname} was wanted")


async def test_what_a_provider_needs_is_imported_before_the_clock_of_its_call_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "litellm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing("litellm"), *sys.meta_path])

    await DSPyEngine(model="anthropic/some-model", api_key=SECRET).prepare()
    with pytest.raises(ModuleNotFoundError, match="litellm was wanted"):
        await DSPyEngine(model="cohere/some-model", api_key=SECRET).prepare()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", MODELS)
async def test_another_provider_streams_its_tokens(server_process: OpenAIServer, name: str) -> None:
    await server_process.reset()
    await server_process.script(Script(steps=[("reasoning_content", "hm"), ("words", "one two three four")]))
    model = ProviderModel(name, api_key=KEY, base_url=server_process.base_url)
    heard = Heard()
    completion = await model.complete(CALL, heard)
    await model.aclose()
    assert "".join(heard.said) == "one two three four"
    assert len(heard.said) > 1
    assert heard.thought == ["hm"]
    assert completion.finish_reason == "stop"
    assert completion.usage["completion_tokens"] > 0


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", MODELS)
async def test_a_refusal_of_another_provider_is_a_model_error(server_process: OpenAIServer, name: str) -> None:
    await server_process.reset()
    await server_process.script(Script(status=401, body=f'{{"error": {{"message": "bad key {KEY}"}}}}', repeat=True))
    model = ProviderModel(name, api_key=KEY, base_url=server_process.base_url)
    with pytest.raises(ModelError) as caught:
        await model.complete(CALL, Heard())
    await model.aclose()
    assert KEY not in str(caught.value)
    assert not caught.value.retryable


class Broken:
    """A provider's engine whose stream ends in an error event."""

    async def stream(self, request: object) -> AsyncGenerator[StreamErrorEvent]:
        yield StreamErrorEvent(ErrorDetail(code="server", message=f"bad key {SECRET}"))


async def test_an_error_within_the_stream_never_repeats_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ProviderModel("groq/some-model", api_key=SECRET)
    monkeypatch.setattr(model, "_engine", Broken())
    with pytest.raises(ModelError, match="bad key") as caught:
        await model.complete(CALL, Heard())
    assert SECRET not in str(caught.value)
