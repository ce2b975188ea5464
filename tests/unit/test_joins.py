"""Joins wait for one artifact of each type, per correlation, in the order of arrival."""

import logging
from collections import defaultdict
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.scheduling.joins import Joins
from flock.subscriptions import Subscription
from flock.visibility import Identity, TenantVisibility, Visibility


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


def seen(artifact: Artifact, visibility: Visibility) -> Artifact:
    return replace(artifact, visibility=visibility)


def test_what_waits_is_told_oldest_first_with_the_types_that_are_missing() -> None:
    joins = Joins(10)
    agents = {name: Agent(name=name, subscriptions=[PAIR]) for name in ("writer", "reader")}
    first, second, third = artifact("Fact"), artifact("Fact"), artifact("Idea", 1)
    for agent_name, one in (("reader", third), ("writer", first), ("writer", second)):
        joins.offer(agent_name, 0, PAIR, one)
    assert [join.to_wire() for join in joins.pending(agents)] == [
        {
            "agent": "reader",
            "correlation_id": str(UUID(int=1)),
            "arrived": [{"type": "Idea", "count": 1, "artifact_id": str(third.id)}],
            "awaited": ["Fact"],
            "since": third.created_at.isoformat(),
        },
        {
            "agent": "writer",
            "correlation_id": str(UUID(int=0)),
            "arrived": [{"type": "Fact", "count": 2, "artifact_id": str(first.id)}],
            "awaited": ["Idea"],
            "since": first.created_at.isoformat(),
        },
    ]
    joins.offer("writer", 0, PAIR, artifact("Idea"))
    assert [join.arrived for join in joins.pending(agents)] == [[[third]], [[second]]]


def test_several_types_that_came_are_told_in_the_order_of_consumes() -> None:
    joins, subscription = Joins(10), Subscription(("Idea", "Fact", "Plan"))
    plan, idea = artifact("Plan"), artifact("Idea")
    for one in (plan, idea):
        joins.offer("writer", 0, subscription, one)
    (join,) = joins.pending({"writer": Agent(name="writer", subscriptions=[subscription])})
    assert (join.arrived, join.awaited) == ([[idea], [plan]], ["Fact"])
    assert join.to_wire()["since"] == plan.created_at.isoformat()


def test_what_waits_is_told_to_those_who_may_see_agent_and_artifact() -> None:
    joins = Joins(10)
    agents = {
        "writer": Agent(name="writer", subscriptions=[PAIR]),
        "of_acme": Agent(name="of_acme", subscriptions=[PAIR], tenant="acme"),
    }
    public, ours = artifact("Fact"), seen(artifact("Fact", 1), TenantVisibility("acme"))
    for name in agents:
        for one in (public, ours):
            joins.offer(name, 0, PAIR, one)
    acme, beta = Identity(tenant="acme"), Identity(tenant="beta")
    assert len(joins.pending(agents, seen_by=acme)) == len(joins.pending(agents)) == 4
    (join,) = joins.pending(agents, seen_by=beta)
    assert (join.agent_name, join.arrived) == ("writer", [[public]])


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
