"""Who may see a run, and what it makes."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from flock.agent import Agent
from flock.artifacts import Artifact, flock_type
from flock.scheduling.rights import rights_of
from flock.visibility import (
    HIDDEN,
    PUBLIC,
    AfterVisibility,
    LabelledVisibility,
    TenantVisibility,
    Visibility,
    shared,
)

ACME, LEGAL = TenantVisibility("acme"), LabelledVisibility("legal")


@flock_type(name="RightsPost")
class Post(BaseModel):
    pass


@flock_type(name="RightsNote")
class Note(BaseModel):
    pass


def agent(*, tenant: str | None = None, **visibilities: Visibility) -> Agent:
    return Agent(name="writer", output_types=[Post, Note], output_visibilities=visibilities, tenant=tenant)


def idea(visibility: Visibility, *, age_s: float = 0) -> Artifact:
    made = datetime.now(UTC) - timedelta(seconds=age_s)
    return Artifact(type="Idea", payload=Note(), visibility=visibility, created_at=made)


def test_what_is_made_of_public_things_is_public() -> None:
    rights = rights_of(agent(), [idea(PUBLIC), idea(PUBLIC)])
    assert rights.stream == PUBLIC
    assert rights.outputs == {"RightsPost": PUBLIC, "RightsNote": PUBLIC}


def test_what_names_no_visibility_is_seen_by_those_who_see_all_it_was_made_of() -> None:
    rights = rights_of(agent(), [idea(ACME), idea(LEGAL)])
    assert rights.stream == shared([ACME, LEGAL])
    assert set(rights.outputs.values()) == {shared([ACME, LEGAL])}


def test_what_an_agent_of_a_tenant_makes_is_for_the_tenant() -> None:
    rights = rights_of(agent(tenant="acme"), [idea(PUBLIC)])
    assert rights.stream == ACME
    assert set(rights.outputs.values()) == {ACME}


def test_an_output_can_be_more_open_than_its_inputs_but_the_stream_that_quotes_them_is_not() -> None:
    rights = rights_of(agent(RightsPost=PUBLIC), [idea(ACME)])
    assert rights.outputs == {"RightsPost": PUBLIC, "RightsNote": ACME}
    assert rights.stream == ACME


def test_a_stream_is_seen_by_those_who_see_all_its_outputs() -> None:
    rights = rights_of(agent(RightsPost=ACME, RightsNote=LEGAL), [idea(PUBLIC)])
    assert rights.stream == shared([ACME, LEGAL])


def test_the_stream_of_what_opens_later_is_seen_by_nobody() -> None:
    rights = rights_of(agent(RightsPost=AfterVisibility(60)), [idea(PUBLIC)])
    assert rights.stream == HIDDEN
    assert rights.outputs["RightsPost"] == AfterVisibility(60)


def test_an_input_counts_as_it_is_when_the_run_starts() -> None:
    assert rights_of(agent(), [idea(AfterVisibility(60, ACME), age_s=61)]).stream == ACME
    assert rights_of(agent(), [idea(AfterVisibility(60, ACME), age_s=59)]).stream == HIDDEN


def test_what_is_made_of_what_opens_later_opens_with_it() -> None:
    rights = rights_of(agent(), [idea(AfterVisibility(60, ACME), age_s=20)])
    made = rights.outputs["RightsPost"]
    assert isinstance(made, AfterVisibility)
    assert made.then == ACME
    assert 39 < made.delay <= 40
