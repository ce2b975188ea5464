"""One agent in the terminal. No key and no network: the model is simulated."""

import asyncio

from pydantic import BaseModel

from flock import Flock, flock_type


@flock_type
class Idea(BaseModel):
    """What to write about."""

    topic: str


@flock_type
class Post(BaseModel):
    """A short blog post."""

    title: str
    body: str


flock = Flock("demo/writer?tokens_per_s=150&words=60")  # or "openai/gpt-4.1-mini", or "ollama/llama3.2"

flock.agent("blog_writer").description("Writes a short, concrete blog post").consumes(Idea).publishes(Post)


async def main() -> None:
    async with flock:
        await flock.publish(Idea(topic="owls"))
        await flock.run_until_idle()  # the terminal shows the post while it is written
        for artifact in await flock.list(Post):
            print(f"On the blackboard: {artifact.type} by {artifact.produced_by}")


if __name__ == "__main__":
    asyncio.run(main())
