"""The embedded demo model: no key, no network, and the real path behind it.

It writes what the call's `answer` asks for and streams it at a steady pace. What it says is made up: `simulated` says
so. How it fails when told to is in `demo_failure`, what it writes in `demo_answer`, `demo_text` and `demo_strings`.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

from flock.engines.demo_answer import answer_values, render, spoilt, tokens
from flock.engines.demo_failure import DemoFailure
from flock.engines.demo_name import DemoName
from flock.engines.demo_prompt import Prompt
from flock.engines.demo_strings import Writer
from flock.engines.model import Completion, ModelCall, TokenSink
from flock.errors import ConfigurationError

Piece = tuple[Callable[[str], None], str]
Number = TypeVar("Number", int, float)

BURST_TOKENS = 64
MAX_TOKENS_PER_S = 1_000_000
MAX_FIRST_TOKEN_S = 3_600
MAX_WORDS = 20_000
CHARS_PER_PROMPT_TOKEN = 4


class DemoModel:
    """A model that makes up readable answers, the same ones for the same seed, persona and messages.

    `tokens_per_s=0` streams as fast as the loop allows. `jitter` (0 to 1) is how much the times between tokens vary.
    `words` is the length of body texts. Known personas (`writer`, `poet`, `critic`, `analyst`, `coder`, `teacher`)
    have a voice of their own; others write like the writer.
    """

    simulated: ClassVar[bool] = True

    def __init__(
        self,
        *,
        persona: str = "writer",
        tokens_per_s: float = 40.0,
        jitter: float = 0.3,
        first_token_s: float = 0.4,
        seed: int = 0,
        words: int = 120,
        reasoning: bool = False,
        failure: DemoFailure | None = None,
    ) -> None:
        self.persona = persona
        self.tokens_per_s = _within("tokens_per_s", tokens_per_s, 0, MAX_TOKENS_PER_S)
        self.jitter = _within("jitter", jitter, 0, 1)
        self.first_token_s = _within("first_token_s", first_token_s, 0, MAX_FIRST_TOKEN_S)
        self.seed = seed
        self.words = _within("words", words, 1, MAX_WORDS)
        self.reasoning = reasoning
        self.failure = failure
        self._calls = 0

    @classmethod
    def from_name(cls, model: str) -> "DemoModel":
        """Make the model that a name like `demo/poet?tokens_per_s=20&fail=truncate&fail_times=1` asks for.

        Raises `ConfigurationError` for a name, an option or a value that is not known.
        """
        name = DemoName(model)
        made = cls(
            persona=name.persona,
            tokens_per_s=name.number("tokens_per_s", 40.0),
            jitter=name.number("jitter", 0.3),
            first_token_s=name.number("first_token_s", 0.4),
            seed=name.whole("seed", 0),
            words=name.whole("words", 120),
            reasoning=name.switch("reasoning"),
            failure=DemoFailure.from_name(name),
        )
        name.refuse_the_rest()
        return made

    async def complete(self, call: ModelCall, sink: TokenSink) -> Completion:
        """Write and stream one answer; without `call.stream` it comes whole, when it would have been done."""
        started = asyncio.get_running_loop().time()
        failure = self._next_failure()
        if failure is not None:
            failure.refuse()
        prompt = Prompt.of(call.body)
        digest = self._digest(call)
        writer = Writer(random.Random(digest), topic=prompt.topic, persona=self.persona, words=self.words)
        thoughts = tokens(writer.thoughts()) if self.reasoning else []
        said = tokens(self._answer(call, prompt, writer, failure))
        if failure is not None and failure.cuts_the_answer:
            said = said[: max(1, len(said) // 2)]
        pieces = [*((sink.reasoning, piece) for piece in thoughts), *((sink.text, piece) for piece in said)]
        times = self._times(len(pieces), random.Random(f"pace {digest}"), failure)
        await _push_on_time(zip(times, pieces, strict=True) if call.stream else _whole(times, pieces), started)
        return Completion(
            finish_reason="stop" if failure is None else await failure.end(),
            usage=_usage(prompt, len(thoughts), len(said)),
            model=call.model,
        )

    async def aclose(self) -> None:
        """Close nothing: there is no connection."""

    def _next_failure(self) -> DemoFailure | None:
        number, self._calls = self._calls, self._calls + 1
        return self.failure if self.failure is not None and self.failure.strikes(number, self.seed) else None

    def _digest(self, call: ModelCall) -> str:
        """Sum up what decides the text: the pace does not."""
        decisive = [self.seed, call.answer.seed if call.answer else "", self.persona, call.body.get("messages")]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()

    def _answer(self, call: ModelCall, prompt: Prompt, writer: Writer, failure: DemoFailure | None) -> str:
        kind = None if failure is None else failure.kind
        if call.answer is None or kind == "format":
            return writer.body()
        values = answer_values(call.answer, prompt, writer)
        return render(call.answer.format, spoilt(call.answer, values) if kind == "invalid" else values)

    def _times(self, count: int, rng: random.Random, failure: DemoFailure | None) -> list[float]:
        """Give the seconds from the start of the call at which each of `count` tokens is due."""
        delay_s = failure.delay_s if failure is not None and failure.kind == "slow_start" else 0.0
        interval_s = 1 / self.tokens_per_s if self.tokens_per_s else 0.0
        gaps = [self.first_token_s, *(interval_s for _ in range(count - 1))][:count]
        varied = (gap * (1 + self.jitter * rng.uniform(-1, 1)) for gap in gaps)
        return list(accumulate(varied, initial=delay_s))[1:]


async def _push_on_time(schedule: Iterable[tuple[float, Piece]], started: float) -> None:
    """Push every piece when it is due, and all at once what is overdue; let the loop run now and then.

    Due times are counted from the start of the call, so a late wake-up does not delay what follows.
    """
    loop = asyncio.get_running_loop()
    for number, (due, (push, text)) in enumerate(schedule):
        wait_s = started + due - loop.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        elif number % BURST_TOKENS == 0:
            await asyncio.sleep(0)
        push(text)


def _whole(times: Sequence[float], pieces: Iterable[Piece]) -> Iterator[tuple[float, Piece]]:
    """Join the pieces of a kind, all due when the last one was."""
    for push, group in groupby(pieces, key=itemgetter(0)):
        yield times[-1], (push, "".join(text for _, text in group))


def _usage(prompt: Prompt, reasoning_tokens: int, text_tokens: int) -> dict[str, Any]:
    prompt_tokens = len(prompt.text) // CHARS_PER_PROMPT_TOKEN + 1
    completion_tokens = reasoning_tokens + text_tokens
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
    }


def _within(name: str, value: Number, low: int, high: int) -> Number:
    if not low <= value <= high:
        raise ConfigurationError(f"The demo model's {name} is {value!r}.", hint=f"Give {low} to {high}.")
    return value
