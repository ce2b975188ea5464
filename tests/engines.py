"""Small real engines for tests, steered by events of asyncio."""

import asyncio
from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field

from flock.engines.base import AgentView, EngineComponent
from flock.runtime import Context, EvalInputs, EvalResult

Work = Callable[[Context, EvalInputs], Sequence[BaseModel]]


class Working(EngineComponent):
    """Publishes what a function makes of the inputs; an exception in it fails the run."""

    work: Work

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        return EvalResult.of(*self.work(ctx, inputs))


class Gated(EngineComponent):
    """Writes text, then waits for its gate; knows who is inside, and the most that were at once."""

    output: BaseModel | None = None
    text: str = ""
    gate: asyncio.Event = Field(default_factory=asyncio.Event)
    inside: list[EvalInputs] = Field(default_factory=list)
    seen: list[EvalInputs] = Field(default_factory=list)
    most: int = 0

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        self.inside.append(inputs)
        self.seen.append(inputs)
        self.most = max(self.most, len(self.inside))
        try:
            if self.text:
                ctx.writer.append(self.text, field="text")
            await self.gate.wait()
        finally:
            self.inside.remove(inputs)
        return EvalResult.of(*([] if self.output is None else [self.output]))
