"""An engine of your own: anything that turns inputs into artifacts. What it writes is streamed like a model's text."""

import asyncio

from pydantic import BaseModel

from flock import Agent, Context, EngineComponent, EvalInputs, EvalResult, Flock, flock_type


@flock_type
class Sentence(BaseModel):
    """What comes in."""

    text: str


@flock_type
class Backwards(BaseModel):
    """What comes out."""

    text: str


class Reverser(EngineComponent):
    """Says the words in reverse order."""

    async def evaluate(self, agent: Agent, ctx: Context, inputs: EvalInputs) -> EvalResult:
        words = inputs.first_as(Sentence).text.split()
        for word in reversed(words):
            ctx.writer.append(word if word == words[-1] else f" {word}", field="text")
            await asyncio.sleep(0.05)  # a slow thinker
        return EvalResult.of(Backwards(text=" ".join(reversed(words))))


flock = Flock()

flock.agent("reverser").consumes(Sentence).publishes(Backwards).engine(Reverser())


async def main() -> None:
    async with flock:
        await flock.publish(Sentence(text="nobody on the token path awaits a viewer"))
        await flock.run_until_idle()


if __name__ == "__main__":
    asyncio.run(main())
