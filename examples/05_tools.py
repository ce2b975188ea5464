"""An agent with tools. Its reasoning, its calls and their results are streamed beside its answer."""

import asyncio

from pydantic import BaseModel

from flock import Flock, flock_type


@flock_type
class Question(BaseModel):
    """One question."""

    question: str


@flock_type
class Answer(BaseModel):
    """What was found."""

    answer: str


async def search(topic: str) -> list[str]:
    """Find notes about a topic."""
    return [f"Three people asked about {topic} today.", "Nobody had an answer yet."]


def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


flock = Flock("demo/analyst?tokens_per_s=150&words=40")

(
    flock.agent("researcher")
    .description("Answers a question with the help of its tools")
    .consumes(Question)
    .publishes(Answer)
    .tools(search, count_words)
)


async def main() -> None:
    async with flock:
        await flock.publish(Question(question="What do owls eat?"))
        await flock.run_until_idle()


if __name__ == "__main__":
    asyncio.run(main())
