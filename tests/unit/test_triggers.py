"""Which runs an artifact sets off."""

from pydantic import BaseModel

from flock.agent import Agent
from flock.artifacts import Artifact
from flock.scheduling.triggers import Matcher, Trigger
from flock.subscriptions import Subscription, Where


class Note(BaseModel):
    stars: int = 0


def artifact(type: str = "Idea", *, by: str = "external", stars: int = 0) -> Artifact:
    return Artifact(type=type, payload=Note(stars=stars), produced_by=by)


def agent(*subscriptions: Subscription, name: str = "writer", prevent_self_trigger: bool = True) -> Agent:
    return Agent(name=name, subscriptions=list(subscriptions), prevent_self_trigger=prevent_self_trigger)


def on(*types: str, where: Where | None = None) -> Subscription:
    return Subscription(types, where)


def triggers(matcher: Matcher, agents: list[Agent], one: Artifact) -> list[Trigger]:
    return list(matcher.triggers(agents, one))


def test_agents_are_asked_in_their_order() -> None:
    agents = [agent(on("Idea"), name="b"), agent(on("Post"), name="c"), agent(on("Idea"), name="a")]
    idea = artifact()
    found = triggers(Matcher(max_pending_joins=9), agents, idea)
    assert [(trigger.agent.name, trigger.inputs) for trigger in found] == [("b", (idea,)), ("a", (idea,))]


def test_an_agent_that_wants_an_artifact_twice_gets_one_run_and_is_asked_no_further() -> None:
    asked: list[str] = []

    def where(note: Note) -> bool:
        asked.append("second")
        return True

    writer = agent(on("Idea"), on("Idea", where=where))
    assert len(triggers(Matcher(max_pending_joins=9), [writer], artifact())) == 1
    assert asked == []


def test_an_own_artifact_sets_off_its_agent_only_where_that_is_wanted() -> None:
    own = artifact(by="writer")
    calm, eager = agent(on("Idea")), agent(on("Idea"), prevent_self_trigger=False)
    assert triggers(Matcher(max_pending_joins=9), [calm], own) == []
    assert len(triggers(Matcher(max_pending_joins=9), [eager], own)) == 1


def test_a_join_gets_its_own_run_whatever_the_order_of_arrival() -> None:
    for order in (["Idea", "Fact"], ["Fact", "Idea"]):
        matcher, writer = Matcher(max_pending_joins=9), agent(on("Idea"), on("Idea", "Fact"))
        correlation_id = artifact().correlation_id
        arrivals = [Artifact(type=name, payload=Note(), correlation_id=correlation_id) for name in order]
        found = [trigger for one in arrivals for trigger in triggers(matcher, [writer], one)]
        inputs = sorted([source.type for source in trigger.inputs] for trigger in found)
        assert inputs == [["Idea"], ["Idea", "Fact"]]


def test_a_where_that_raises_gives_a_run_that_fails_and_the_other_subscriptions_are_asked() -> None:
    writer = agent(on("Idea", where=lambda note: 1 / note.stars > 0), on("Idea"))
    idea = artifact()
    failed, good = triggers(Matcher(max_pending_joins=9), [writer], idea)
    assert failed.error is not None
    assert failed.error.message == (
        f"The where of agent 'writer' raised on 'Idea' artifact {idea.id}: ZeroDivisionError: division by zero."
    )
    assert isinstance(failed.error.__cause__, ZeroDivisionError)
    assert failed.inputs == (idea,)
    assert good == Trigger(writer, (idea,))
