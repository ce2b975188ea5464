"""The demo model keeps its pace, fails as it is told, and says the same for the same seed.

Its clock is a loop's whose time passes only while the loop would wait, so that nothing here waits.
"""

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar

import pytest

from flock.engines.demo import BURST_TOKENS, DemoModel
from flock.engines.demo_failure import KINDS, DemoFailure
from flock.engines.model import AnswerFormat, Completion, ExpectedAnswer, Model, ModelCall
from flock.errors import ConfigurationError, ModelError, TransportError, TruncatedError

Result = TypeVar("Result")
FIELDS: dict[str, Any] = {
    "title": {"type": "string"},
    "body": {"type": "string"},
    "score": {"type": "integer", "minimum": 1, "maximum": 5},
}


class SkippingSelector(selectors.DefaultSelector):
    """Does not wait: moves the clock instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop on the selector's clock."""

    def __init__(self) -> None:
        self.clock = SkippingSelector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


@dataclass
class Heard:
    """A sink that notes what came and when."""

    said: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    on_text: Callable[[int], None] = lambda count: None

    @property
    def answer(self) -> str:
        return "".join(self.said)

    def text(self, text: str) -> None:
        self.said.append(text)
        self.times.append(asyncio.get_running_loop().time())
        self.on_text(len(self.said))

    def reasoning(self, text: str) -> None:
        assert not self.said, "reasoning comes before the answer"
        self.thought.append(text)

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        raise AssertionError("the demo model makes no native tool calls")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(main)


def a_call(answer_format: AnswerFormat | None = "chat", *, stream: bool = True, seed: str = "") -> ModelCall:
    content = '[[ ## idea ## ]]\n{"topic": "owls"}\n\nRespond with the corresponding output fields.'
    answer = ExpectedAnswer(answer_format, FIELDS, seed) if answer_format else None
    return ModelCall("demo/writer", {"messages": [{"role": "user", "content": content}]}, stream, answer)


async def heard_from(model: Model, call: ModelCall | None = None) -> tuple[Heard, Completion]:
    heard = Heard()
    completion = await model.complete(call or a_call(), heard)
    return heard, completion


def flat_out(**options: Any) -> DemoModel:
    return DemoModel(tokens_per_s=0, first_token_s=0, jitter=0, **options)


def test_without_jitter_every_token_comes_exactly_when_it_is_due() -> None:
    heard, _ = run(heard_from(DemoModel(tokens_per_s=50, first_token_s=0.5, jitter=0)))
    assert heard.times == pytest.approx([0.5 + number / 50 for number in range(len(heard.said))])


def test_jitter_varies_the_gaps_but_not_the_pace() -> None:
    heard, _ = run(heard_from(DemoModel(tokens_per_s=50, first_token_s=0, jitter=0.8, words=800)))
    gaps = [later - earlier for earlier, later in pairwise(heard.times)]
    assert min(gaps) < 0.01
    assert max(gaps) > 0.03
    assert sum(gaps) / len(gaps) == pytest.approx(1 / 50, rel=0.1)


def test_what_is_overdue_comes_at_once_and_the_rest_keeps_its_schedule() -> None:
    async def stalled() -> Heard:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        clock = loop.clock

        def stall(count: int) -> None:
            clock.now += 2.0 if count == 10 else 0.0

        heard = Heard(on_text=stall)
        await DemoModel(tokens_per_s=10, first_token_s=0, jitter=0).complete(a_call(), heard)
        return heard

    heard = run(stalled())
    assert heard.times[9] == pytest.approx(0.9)
    assert heard.times[10:29] == pytest.approx([2.9] * 19)
    assert heard.times[40:] == pytest.approx([number / 10 for number in range(40, len(heard.times))])


def test_flat_out_takes_no_time_and_still_lets_other_tasks_run() -> None:
    async def with_a_neighbour() -> tuple[Heard, list[int]]:
        heard = Heard()
        seen: list[int] = []

        async def neighbour() -> None:
            while True:
                seen.append(len(heard.said))
                await asyncio.sleep(0)

        task = asyncio.create_task(neighbour())
        await flat_out(words=600).complete(a_call(), heard)
        task.cancel()
        return heard, [*seen, len(heard.said)]

    heard, seen = run(with_a_neighbour())
    assert heard.times[-1] == 0
    assert max(later - earlier for earlier, later in pairwise(seen)) == BURST_TOKENS


def test_a_call_that_does_not_stream_gets_one_piece_when_it_would_have_been_done() -> None:
    model = DemoModel(seed=3, reasoning=True)
    streamed, completion = run(heard_from(model))
    whole, other = run(heard_from(model, a_call(stream=False)))
    assert whole.said == [streamed.answer]
    assert whole.thought == ["".join(streamed.thought)]
    assert whole.times == pytest.approx([streamed.times[-1]])
    assert other == completion


@pytest.mark.parametrize(
    ("answer_format", "begin", "end"),
    [
        ("chat", "[[ ## title ## ]]\n", "\n\n[[ ## completed ## ]]"),
        ("json", "{", "}"),
        ("xml", "<title>\n", "\n</score>"),
    ],
)
def test_the_answer_has_the_format_asked_for_and_is_about_the_input(
    answer_format: AnswerFormat, begin: str, end: str
) -> None:
    heard, completion = run(heard_from(flat_out(), a_call(answer_format)))
    assert heard.answer.startswith(begin)
    assert heard.answer.endswith(end)
    assert "owls" in heard.answer
    assert completion.finish_reason == "stop"
    assert completion.model == "demo/writer"


def test_without_an_expected_answer_it_writes_prose() -> None:
    heard, _ = run(heard_from(flat_out(), a_call(None)))
    assert "owls" in heard.answer
    assert "[[" not in heard.answer


def test_usage_adds_up() -> None:
    heard, completion = run(heard_from(flat_out(reasoning=True)))
    usage = completion.usage
    assert usage["completion_tokens"] == len(heard.said) + len(heard.thought)
    assert usage["completion_tokens_details"] == {"reasoning_tokens": len(heard.thought)}
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_the_text_depends_on_seeds_persona_and_messages_but_not_on_the_pace() -> None:
    def said(model: DemoModel, call: ModelCall) -> str:
        return run(heard_from(model, call))[0].answer

    text = said(flat_out(seed=1), a_call())
    assert said(DemoModel(seed=1), a_call()) == text
    others = [
        said(flat_out(seed=2), a_call()),
        said(flat_out(seed=1, persona="poet"), a_call()),
        said(flat_out(seed=1), a_call(seed="again")),
        said(flat_out(seed=1), ModelCall("m", {"messages": []}, answer=a_call().answer)),
    ]
    assert len({text, *others}) == 5


def test_text_that_cannot_be_encoded_is_no_obstacle() -> None:
    messages = [{"role": "user", "content": "\ud800 owls \udfff"}]
    heard, _ = run(heard_from(flat_out(), ModelCall("m", {"messages": messages}, answer=a_call(seed="\ud800").answer)))
    heard.answer.encode()
    assert "owls" in heard.answer


def test_an_answer_without_fields_is_empty() -> None:
    heard, completion = run(heard_from(flat_out(), ModelCall("m", {}, answer=ExpectedAnswer("xml", {}))))
    assert heard.said == []
    assert completion.usage["completion_tokens"] == 0


def test_it_is_labelled_as_simulated() -> None:
    assert DemoModel.simulated
    run(DemoModel().aclose())


def test_a_refused_connection_says_nothing_and_may_be_tried_again() -> None:
    heard = Heard()
    with pytest.raises(TransportError) as caught:
        run(flat_out(failure=DemoFailure("connect")).complete(a_call(), heard))
    assert caught.value.retryable
    assert heard.said == []


def test_a_rate_limit_says_when_to_come_back() -> None:
    with pytest.raises(ModelError) as caught:
        run(heard_from(flat_out(failure=DemoFailure("rate_limit", retry_after_s=2.5))))
    assert (caught.value.status, caught.value.retryable, caught.value.retry_after_s) == (429, True, 2.5)


def test_a_truncated_answer_breaks_off_in_the_middle() -> None:
    whole, _ = run(heard_from(flat_out()))
    heard = Heard()
    with pytest.raises(TruncatedError):
        run(flat_out(failure=DemoFailure("truncate")).complete(a_call(), heard))
    assert heard.said == whole.said[: len(whole.said) // 2]


@pytest.mark.parametrize(("kind", "reason"), [("length", "length"), ("filter", "content_filter")])
def test_an_answer_that_is_cut_says_why(kind: str, reason: str) -> None:
    whole, _ = run(heard_from(flat_out()))
    heard, completion = run(heard_from(flat_out(failure=DemoFailure(KINDS[kind]))))
    assert completion.finish_reason == reason
    assert heard.said == whole.said[: len(whole.said) // 2]


def test_an_answer_in_the_wrong_format_has_no_fields() -> None:
    heard, completion = run(heard_from(flat_out(failure=DemoFailure("format"))))
    assert "[[" not in heard.answer
    assert completion.finish_reason == "stop"


def test_an_invalid_answer_has_a_typed_field_that_breaks_its_schema() -> None:
    heard, _ = run(heard_from(flat_out(failure=DemoFailure("invalid")), a_call("json")))
    answer = json.loads(heard.answer)
    assert list(answer) == list(FIELDS)
    assert isinstance(answer["score"], str)


def test_a_slow_start_delays_the_first_token_only() -> None:
    heard, _ = run(heard_from(DemoModel(jitter=0, tokens_per_s=10, failure=DemoFailure("slow_start", delay_s=30))))
    assert heard.times[:3] == pytest.approx([30.4, 30.5, 30.6])


def test_a_hanging_answer_is_cancelled_at_once() -> None:
    async def cancelled() -> tuple[Heard, float]:
        silent = asyncio.Event()
        heard = Heard(on_text=lambda count: silent.set() if count == 40 else None)
        task = asyncio.create_task(flat_out(failure=DemoFailure("hang")).complete(a_call(), heard))
        await silent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return heard, asyncio.get_running_loop().time()

    heard, now = run(cancelled())
    assert now == 0
    assert "completed" not in heard.answer


def test_cancelling_between_two_tokens_ends_the_call() -> None:
    async def cancelled() -> Heard:
        third = asyncio.Event()
        heard = Heard(on_text=lambda count: third.set() if count == 3 else None)
        task = asyncio.create_task(DemoModel(tokens_per_s=5).complete(a_call(), heard))
        await third.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return heard

    assert len(run(cancelled()).said) == 3


def test_only_the_first_calls_fail_where_that_is_asked_for() -> None:
    model = flat_out(failure=DemoFailure("connect", times=2))
    for _ in range(2):
        with pytest.raises(TransportError):
            run(heard_from(model))
    heard, _ = run(heard_from(model))
    assert heard.answer == run(heard_from(flat_out()))[0].answer


def test_a_failure_rate_is_kept_and_seeded() -> None:
    failure = DemoFailure("connect", rate=0.25)
    struck = [failure.strikes(number, seed=7) for number in range(1000)]
    assert struck == [failure.strikes(number, seed=7) for number in range(1000)]
    assert 200 < sum(struck) < 300


def test_a_name_says_everything() -> None:
    model = DemoModel.from_name(
        "demo/poet?tokens_per_s=20&seed=3&first_token_s=0&jitter=0.1&words=90&reasoning=yes"
        "&fail=rate_limit&fail_times=2&fail_rate=0.5&fail_retry_after_s=0.1&fail_delay_s=4"
    )
    assert (model.persona, model.tokens_per_s, model.seed, model.first_token_s) == ("poet", 20, 3, 0)
    assert (model.jitter, model.words, model.reasoning) == (0.1, 90, True)
    assert model.failure == DemoFailure("rate_limit", times=2, rate=0.5, retry_after_s=0.1, delay_s=4)


def test_a_plain_name_has_the_defaults_and_any_persona_will_do() -> None:
    model = DemoModel.from_name("demo/my-own.voice")
    assert model.persona == "my-own.voice"
    assert (model.tokens_per_s, model.jitter, model.first_token_s, model.words) == (40.0, 0.3, 0.4, 120)
    assert (model.seed, model.reasoning, model.failure) == (0, False, None)
    heard, _ = run(heard_from(model))
    assert "owls" in heard.answer


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai/gpt", "not the name of a demo model.*demo/writer"),
        ("demo/", "not the name of a demo model"),
        ("demo/writer?tokens_per_sec=3", "no option 'tokens_per_sec'.*Did you mean 'tokens_per_s'"),
        ("demo/writer?seed=three", "seed='three'.*whole number"),
        ("demo/writer?jitter=lots", "jitter='lots'.*number"),
        ("demo/writer?reasoning=maybe", "reasoning='maybe'.*1 or 0"),
        ("demo/writer?seed=1&seed=2", "twice"),
        ("demo/writer?tokens_per_s=-1", "tokens_per_s is -1"),
        ("demo/writer?tokens_per_s=inf", "tokens_per_s is inf"),
        ("demo/writer?first_token_s=nan", "first_token_s is nan"),
        ("demo/writer?jitter=2", "jitter is 2"),
        ("demo/writer?words=0", "words is 0"),
        ("demo/writer?fail=trunkate", "'trunkate'.*Did you mean 'truncate'"),
        ("demo/writer?fail=connect&fail_times=0", "fail_times is 0"),
        ("demo/writer?fail=connect&fail_rate=2", "fail_rate is 2"),
        ("demo/writer?fail=slow_start&fail_delay_s=-1", "fail_delay_s is -1"),
        ("demo/writer?fail_times=2", "no option 'fail_times'.*'fail'"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused_with_a_reason(name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        DemoModel.from_name(name)
