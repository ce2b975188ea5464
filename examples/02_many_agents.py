"""Three agents write at the same time; a fourth waits for what two of them made. Every line says whose it is."""

import asyncio

from pydantic import BaseModel, Field

from flock import Flock, flock_type


@flock_type
class Topic(BaseModel):
    """What everybody works on."""

    name: str


@flock_type
class Poem(BaseModel):
    """A short poem."""

    text: str


@flock_type
class Facts(BaseModel):
    """What is known."""

    facts: list[str] = Field(min_length=2, max_length=3)


@flock_type
class Question(BaseModel):
    """One question."""

    question: str


@flock_type
class Lesson(BaseModel):
    """A lesson made of the others."""

    body: str


flock = Flock("demo/teacher?tokens_per_s=150&words=40", view="lines")

flock.agent("poet").description("Writes a short poem").consumes(Topic).publishes(Poem)
flock.agent("researcher").description("Collects facts").consumes(Topic).publishes(Facts)
flock.agent("examiner").description("Asks one question").consumes(Topic).publishes(Question)
flock.agent("teacher").description("Makes a lesson of both").consumes(Topic, Poem, Facts).publishes(Lesson)


async def main() -> None:
    async with flock:
        await flock.publish(Topic(name="tidal power"))
        await flock.run_until_idle()


if __name__ == "__main__":
    asyncio.run(main())
