"""Hostile inputs, and a way to try them one after the other on what is served in this loop."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

T = TypeVar("T")

DEPTH = 3000
"""How deep a deep document is: deeper than Python's stack."""

LEAVES: Sequence[str] = [
    "null",
    "true",
    "-0",
    "1e999",
    "-1e-999",
    "NaN",
    "Infinity",
    "9" * 18,
    "9" * 20,
    "9" * 400,
    "9" * 5000,
    "0.1" + "0" * 500 + "1",
    '""',
    r'"\ud800"',
    r'"\udc00\ud800"',
    r'"\ud83d\ude00"',
    r'"\u0000"',
    r'"\u001b]52;c;aGk=\u0007"',
    '"\u202e\u2028"',
    '"{{7*7}}${7*7}<script>"',
    '"' + "x" * 70_000 + '"',
    '"0001-01-01T00:00:00+23:59"',
    '"9999-12-31T23:59:59-23:59"',
    '"-P999999999999D"',
    '"00000000-0000-4000-8000-000000000000"',
    "[" * DEPTH + "]" * DEPTH,
    '{"a":' * DEPTH + "1" + "}" * DEPTH,
]
"""JSON that is hard to hold, as it is written; some of it is none."""

NAMES = [
    "type",
    "payload",
    "inputs",
    "stream",
    "correlation_id",
    "on_disconnect",
    "tags",
    "code",
    "token",
    "visibility",
    "topic",
    "weight",
    "__class__",
    "\ud800",
    "a/b~c",
    "",
]
"""Keys: those that mean something, and some that should not."""

VALUES = (
    st.sampled_from(LEAVES) | st.sampled_from(["FuzzedThing", "ServedIdea"]).map(json.dumps) | st.text().map(json.dumps)
)


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"


DOCUMENTS = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), inner), max_size=5).map(_object)
    ),
    max_leaves=8,
)
"""JSON as it is written: keys come twice, numbers are too large, texts are half characters."""


class Example(Generic[T]):
    """A value with a short name: hypothesis writes out what it tries."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)[:2000]


async def try_all(strategy: st.SearchStrategy[T], attempt: Callable[[T], Awaitable[None]], *, examples: int) -> None:
    """Await `attempt` in this loop for that many values, always the same ones; raises for the first that fails."""
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
        report_multiple_bugs=False,
    )
    @given(strategy.map(Example))
    def hammer(example: Example[T]) -> None:
        async def run() -> None:
            await attempt(example.value)

        asyncio.run_coroutine_threadsafe(run(), loop).result()

    await asyncio.to_thread(hammer)
