"""Joins wait for one artifact of each type, per correlation, in the order of arrival."""

import logging
from collections import defaultdict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.scheduling.joins import Joins
from flock.subscriptions import Subscription


class Payload(BaseModel):
    pass


PAIR = Subscription(("Idea", "Fact"))


def artifact(type: str, correlation: int = 0) -> Artifact:
    return Artifact(type=type, payload=Payload(), correlation_id=UUID(int=correlation))


def test_a_join_is_complete_with_one_of_each_type_in_the_order_of_consumes() -> None:
    joins = Joins(10)
    fact, idea = artifact("Fact"), artifact("Idea")
    assert joins.offer("writer", 0, PAIR, fact) == ()
    assert joins.offer("writer", 0, PAIR, idea) == (idea, fact)
    assert len(joins) == 0


def test_agents_subscriptions_and_correlations_wait_apart() -> None:
    joins = Joins(10)
    assert joins.offer("writer", 0, PAIR, artifact("Fact")) == ()
    assert joins.offer("writer", 0, PAIR, artifact("Idea", 1)) == ()
    assert joins.offer("writer", 1, PAIR, artifact("Idea")) == ()
    assert joins.offer("reader", 0, PAIR, artifact("Idea")) == ()
    assert len(joins) == 4


def test_several_of_one_type_wait_in_the_order_they_came() -> None:
    joins = Joins(10)
    first, second = artifact("Fact"), artifact("Fact")
    for fact in (first, second):
        joins.offer("writer", 0, PAIR, fact)
    assert [joins.offer("writer", 0, PAIR, artifact("Idea"))[1] for _ in range(2)] == [first, second]


def test_the_oldest_is_dropped_and_logged_when_too_many_wait(caplog: pytest.LogCaptureFixture) -> None:
    joins = Joins(2)
    facts = [artifact("Fact", correlation) for correlation in range(3)]
    with caplog.at_level(logging.WARNING):
        for fact in facts:
            joins.offer("writer", 0, PAIR, fact)
    assert str(facts[0].id) in caplog.text
    assert "'writer'" in caplog.text
    assert len(joins) == 2
    assert joins.offer("writer", 0, PAIR, artifact("Idea", 0)) == ()
    assert joins.offer("writer", 0, PAIR, artifact("Idea", 2)) != ()


def test_what_completes_a_join_drops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    joins = Joins(1)
    joins.offer("writer", 0, PAIR, artifact("Fact"))
    assert joins.offer("writer", 0, PAIR, artifact("Idea")) != ()
    assert caplog.text == ""


TYPES = ["Idea", "Fact", "Plan"]


@given(st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 2))))
def test_each_artifact_is_used_once_and_as_soon_as_its_partners_are_there(arrivals: list[tuple[str, int]]) -> None:
    joins, subscription = Joins(1000), Subscription(tuple(TYPES))
    waiting: dict[int, dict[str, list[Artifact]]] = defaultdict(lambda: {name: [] for name in TYPES})
    for name, correlation in arrivals:
        arrived = artifact(name, correlation)
        queues = waiting[correlation]
        queues[name].append(arrived)
        expected = tuple(queue.pop(0) for queue in queues.values()) if all(queues.values()) else ()
        assert joins.offer("writer", 0, subscription, arrived) == expected
    assert len(joins) == sum(len(queue) for queues in waiting.values() for queue in queues.values())


@given(st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 9))), st.integers(0, 5))
def test_never_more_artifacts_wait_than_may(arrivals: list[tuple[str, int]], bound: int) -> None:
    joins, subscription = Joins(bound), Subscription(tuple(TYPES))
    for name, correlation in arrivals:
        joins.offer("writer", 0, subscription, artifact(name, correlation))
        assert len(joins) <= bound
