"""The demo: eight agents that write about one topic at the same time.

Copy it, change it, and run your copy: `flk serve my_app.py:flock --dashboard`. With a real model in place of the demo
ones, such as "openai/gpt-4.1-mini" or "ollama/llama3.2", nothing else changes.
"""

from typing import Literal

from pydantic import BaseModel, Field

from flock import Flock, flock_type
from flock.engines.dspy_engine import DSPyEngine


@flock_type
class Topic(BaseModel):
    """What everybody writes about."""

    name: str


@flock_type
class BlogPost(BaseModel):
    """A short blog post."""

    title: str
    body: str


@flock_type
class Poem(BaseModel):
    """A short poem."""

    title: str
    text: str


@flock_type
class FactSheet(BaseModel):
    """What is known."""

    summary: str
    facts: list[str] = Field(min_length=3, max_length=5)


@flock_type
class Review(BaseModel):
    """What a critic makes of it."""

    verdict: Literal["worth a look", "worth your time"]
    score: int = Field(ge=6, le=10)
    comment: str


class Step(BaseModel):
    """One step of a workshop."""

    title: str
    minutes: int = Field(ge=5, le=90)


@flock_type
class Workshop(BaseModel):
    """An afternoon's programme."""

    goal: str
    steps: list[Step] = Field(min_length=3, max_length=5)


@flock_type
class Quiz(BaseModel):
    """One question with its answers."""

    question: str
    answers: list[str] = Field(min_length=3, max_length=4)
    explanation: str


@flock_type
class Program(BaseModel):
    """A small program."""

    code: str
    explanation: str


@flock_type
class Campaign(BaseModel):
    """How to talk about it."""

    headline: str
    audience: Literal["children", "students", "experts"]
    tags: list[str] = Field(min_length=3, max_length=6)
    pitch: str


flock = Flock("demo/writer?words=160")

flock.agent("blogger").description("Writes a short blog post").consumes(Topic).publishes(BlogPost)

for name, task, output, model in (
    ("poet", "Writes a short poem", Poem, "demo/poet?tokens_per_s=12&words=50"),
    ("researcher", "Collects facts", FactSheet, "demo/analyst?tokens_per_s=30"),
    ("critic", "Says what the topic is worth", Review, "demo/critic?tokens_per_s=25&words=90&reasoning=1"),
    ("planner", "Plans a workshop", Workshop, "demo/teacher?tokens_per_s=22"),
    ("teacher", "Makes a quiz question", Quiz, "demo/teacher?tokens_per_s=20"),
    ("coder", "Writes a small program", Program, "demo/coder?tokens_per_s=35&words=80"),
    ("marketer", "Plans a campaign", Campaign, "demo/writer?tokens_per_s=28&words=90&seed=3"),
):
    flock.agent(name).description(task).consumes(Topic).publishes(output).engine(DSPyEngine(model=model))
