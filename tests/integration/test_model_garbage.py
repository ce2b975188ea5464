"""Whatever a model server sends, a call of it ends at once, as an answer or as an error that says what was wrong."""

import asyncio
from dataclasses import replace

from flock.engines.model import ModelCall
from flock.engines.openai_stream import OpenAIStream
from flock.errors import DeadlineError, ModelError
from tests.leaks import no_leaks
from tests.servers.fault import KEY
from tests.servers.garbage import described, garbage
from tests.servers.process import OpenAIServer, run_openai_server

RESPONSES = 500
AT_ONCE = 50


class Encoding:
    """A sink that takes nothing but valid Unicode."""

    def text(self, text: str) -> None:
        assert text.encode()

    def reasoning(self, text: str) -> None:
        assert text.encode()

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        assert f"{name or ''}{arguments}".encode()


async def outcome(model: OpenAIStream, seed: int) -> str:
    """Give the code of the error that a response ends in, or its finish reason."""
    try:
        completion = await model.complete(ModelCall(f"seed-{seed}", {"messages": []}), Encoding())
    except ModelError as error:
        check_error(error, seed)
        return error.code
    except Exception as error:
        raise AssertionError(described(seed)) from error
    return f"finished: {completion.finish_reason}"


def check_error(error: ModelError, seed: int) -> None:
    """See that an error came at once, since the server always leaves, and says what can be read by anybody."""
    assert not isinstance(error, DeadlineError), described(seed)
    assert KEY not in str(error), described(seed)
    assert str(error).encode()


async def outcomes(models: OpenAIServer, model: OpenAIStream, seeds: range) -> set[str]:
    """Give how the responses of these seeds end."""
    await models.reset()
    await models.script(*(replace(garbage(seed), model=f"seed-{seed}") for seed in seeds))
    return set(await asyncio.gather(*(outcome(model, seed) for seed in seeds)))


async def try_garbage(responses: int) -> None:
    """See how so many responses end, and that nothing is left of them."""
    found: set[str] = set()
    with run_openai_server() as models:
        model = OpenAIStream(base_url=models.base_url, api_key=KEY)
        async with no_leaks():
            for first in range(0, responses, AT_ONCE):
                found |= await outcomes(models, model, range(first, first + AT_ONCE))
            await model.aclose()
    assert found == {"FLK-MODEL", "FLK-MODEL-TRANSPORT", "FLK-MODEL-TRUNCATED", "finished: stop"}


async def test_no_response_hangs_a_call_or_breaks_it_in_an_unknown_way() -> None:
    await try_garbage(RESPONSES)
