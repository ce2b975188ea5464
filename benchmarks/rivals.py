"""What others cost, in a process of its own: DSPy's `streamify`, and LiteLLM, each consuming alone, without a viewer.

`python -m benchmarks.rivals streamify|litellm MODEL_URL STREAMS TOKENS` prints `{}` when it is loaded. It speaks as
the product does, and at `stop` also tells what was lost and how late tokens came.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.conversation import commands, run, tell
from benchmarks.figures import quantile
from benchmarks.stamps import Ledger, read_stamps
from benchmarks.usage import Meter

Pieces = list[tuple[int, str]]
"""Text as it came, and when, in nanoseconds."""

Consume = Callable[[Pieces], Coroutine[Any, Any, None]]
"""Consumes one stream."""


def streamify(url: str) -> Consume:
    """Load DSPy; gives what streams one field through its own client."""
    import dspy

    lm = dspy.LM("openai/benchmark", api_base=f"{url}/v1", api_key="none", cache=False, num_retries=0)
    dspy.configure(lm=lm, adapter=dspy.ChatAdapter(use_json_adapter_fallback=False), disable_history=True)
    signature = dspy.Signature("start: str -> body: str", "Write a text.")

    async def consume(pieces: Pieces) -> None:
        listener = dspy.streaming.StreamListener(signature_field_name="body")
        predict = dspy.Predict(signature)
        program = dspy.streamify(predict, stream_listeners=[listener], is_async_program=True)  # else eight at a time
        async for value in program(start="now"):
            if isinstance(value, dspy.streaming.StreamResponse):
                pieces.append((time.monotonic_ns(), value.chunk))

    return consume


def litellm(url: str) -> Consume:
    """Load LiteLLM; gives what streams one answer."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # without it, importing asks the network
    from litellm import acompletion

    async def consume(pieces: Pieces) -> None:
        messages = [{"role": "user", "content": "Write a text."}]
        stream = await acompletion("openai/benchmark", messages, api_base=f"{url}/v1", api_key="none", stream=True)
        async for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                pieces.append((time.monotonic_ns(), text))

    return consume


def judge(streams: list[Pieces], tokens: int) -> dict[str, object]:
    """Say what was lost, and how late the tokens were when they were consumed."""
    ledger, latencies_ms = Ledger(streams=len(streams), tokens=tokens), []
    for pieces in streams:
        text = ""
        for now_ns, piece in pieces:
            text += piece
            stamps = read_stamps(text.encode())
            if stamps.stretches:
                ledger.take(stamps.stretches)
                latencies_ms += [(now_ns - sent_ns) / 1e6 for sent_ns in stamps.sent_ns]
                text = text[text.rindex("|") + 20 :]
    flaws, latencies_ms = ledger.flaws(), sorted(latencies_ms) or [0.0]
    return {
        "flaws": [str(flaws)] if flaws else [],
        "latency_p50_ms": quantile(latencies_ms, 0.5),
        "latency_p99_ms": quantile(latencies_ms, 0.99),
    }


async def main(rival: str, url: str, streams: int, tokens: int) -> None:
    """Consume a round of streams at every `go`."""
    logging.disable(logging.WARNING)
    consume = {"streamify": streamify, "litellm": litellm}[rival](url)
    meter = Meter()
    received: list[Pieces] = []
    tell()
    async for command in commands():
        match command:
            case ["go", *more]:
                received = [[] for _ in range(streams)]
                began_ns = meter.start(has_lag="lag" in more)
                await asyncio.gather(*map(consume, received))
                tell(began_ns=began_ns, completed=streams)
            case ["stop"]:
                cost = meter.stop()
                tell(**cost, **judge(received, tokens))


if __name__ == "__main__":
    run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
