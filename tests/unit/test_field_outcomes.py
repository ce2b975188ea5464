import hashlib
from typing import Any, Literal
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec import UNSET
from pydantic import BaseModel, ConfigDict, Field, RootModel

from flock.artifacts import Artifact
from flock.events import ArtifactSlot, Channel, FieldOutcome, TextKind
from flock.field_outcomes import canonical, field_outcomes
from flock.journal import Journal
from flock.transcript import Transcript
from tests.unit.samples import make_stream, started, write

FIRST, SECOND = uuid4(), uuid4()


class Post(BaseModel):
    """An artifact with fields of every kind."""

    model_config = ConfigDict(extra="allow")

    title: str = ""
    score: float = 0
    tags: list[str] = []
    mood: Literal["calm", "wild"] | None = None


def stream_of(*ids: UUID) -> tuple[Journal, Transcript]:
    """Open a stream that is going to publish artifacts with these ids."""
    slots = tuple(ArtifactSlot(artifact_id=str(name), type="Post") for name in ids)
    stream = msgspec.structs.replace(make_stream(), artifacts=slots)
    journal = Journal()
    return journal, journal.open(stream, started(stream))


def compare(payload: BaseModel, *written: tuple[str, TextKind, str]) -> dict[str, FieldOutcome]:
    """Compare a payload with what was written: field, kind, text."""
    journal, transcript = stream_of(FIRST)
    for field, kind, text in written:
        write(journal, transcript, text, channel=Channel("llm_token", field, kind, 1, 0))
    artifact = Artifact(id=FIRST, type="Post", payload=payload)
    return {outcome.field: outcome for outcome in field_outcomes(transcript, [artifact])}


def test_a_field_that_was_streamed_as_it_is_matches() -> None:
    outcome = compare(Post(title="Owls"), ("title", "text", "Ow"), ("title", "text", "ls"))["title"]
    assert outcome.matches
    assert outcome.value is UNSET
    assert outcome.artifact_id == str(FIRST)
    assert outcome.sha256 == hashlib.sha256(b"Owls").hexdigest()


def test_a_field_goes_by_its_name_and_not_by_its_alias() -> None:
    class Labelled(BaseModel):
        model_config = ConfigDict(serialize_by_alias=True)

        title: str = Field(alias="theTitle")

    outcomes = compare(Labelled(theTitle="Owls"), ("title", "text", "Owls"))
    assert outcomes["title"].matches


def test_a_field_that_was_changed_does_not_match_and_brings_its_value() -> None:
    outcome = compare(Post(title="OWLS"), ("title", "text", "Owls"))["title"]
    assert not outcome.matches
    assert outcome.value == "OWLS"
    assert outcome.sha256 == hashlib.sha256(b"OWLS").hexdigest()


def test_fields_match_leaf_by_leaf() -> None:
    payload = Post(title="Owls", score=3, tags=["a/b", "c"], mood=None, extra={"x/y": [True]})
    outcomes = compare(
        payload,
        ("title", "text", "Owls"),
        ("score", "json", "3"),
        ("tags/0", "text", "a/b"),
        ("tags/1", "text", "c"),
        ("mood", "json", "null"),
        ("extra/x~1y/0", "json", "true"),
    )
    assert all(outcome.matches for outcome in outcomes.values())
    assert [*outcomes] == ["title", "score", "tags", "mood", "extra"]


def test_a_field_that_was_not_streamed_brings_its_value_unless_it_is_empty_text() -> None:
    outcomes = compare(Post(title="", score=1))
    assert outcomes["title"].matches
    assert {name: outcome.value for name, outcome in outcomes.items() if not outcome.matches} == {
        "score": 1.0,
        "tags": [],
        "mood": None,
    }


def test_a_name_with_a_slash_is_one_field() -> None:
    payload = Post.model_validate({"a/b": "text"})
    assert compare(payload, ("a~1b", "text", "text"))["a/b"].matches


def test_a_model_that_is_no_object_has_one_field() -> None:
    outcome = compare(RootModel[list[str]](["a"]), ("root/0", "text", "a"))["root"]
    assert outcome.matches


def test_other_text_than_the_models_is_not_compared() -> None:
    journal, transcript = stream_of(FIRST)
    write(journal, transcript, "Owls", channel=Channel("reasoning", "title", artifact=0))
    artifact = Artifact(id=FIRST, type="Post", payload=Post(title="Owls"))
    assert not field_outcomes(transcript, [artifact])[0].matches


def test_only_the_last_attempt_counts() -> None:
    journal, transcript = stream_of(FIRST)
    channel = Channel(field="title", artifact=0)
    write(journal, transcript, "wrong", channel=channel)
    journal.start_attempt(transcript, reason="again")
    write(journal, transcript, "Owls", channel=channel)
    artifact = Artifact(id=FIRST, type="Post", payload=Post(title="Owls"))
    assert field_outcomes(transcript, [artifact])[0].matches


def test_every_artifact_is_compared_with_its_own_text() -> None:
    journal, transcript = stream_of(FIRST, SECOND)
    write(journal, transcript, "one", channel=Channel(field="title", artifact=0))
    write(journal, transcript, "two", channel=Channel(field="title", artifact=1))
    artifacts = [Artifact(id=name, type="Post", payload=Post(title="two")) for name in (FIRST, SECOND)]
    titles = [outcome for outcome in field_outcomes(transcript, artifacts) if outcome.field == "title"]
    assert [(outcome.artifact_id, outcome.matches) for outcome in titles] == [(str(FIRST), False), (str(SECOND), True)]


def test_a_value_is_made_fit_for_the_wire_before_it_is_compared_and_hashed() -> None:
    payload = Post(title="half \ud800", score=float("inf"))
    outcomes = compare(payload, ("title", "text", "half \ufffd"))
    assert outcomes["title"].matches
    assert outcomes["score"].value is None
    assert outcomes["score"].sha256 == hashlib.sha256(b"null").hexdigest()


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("Öwl\n", "Öwl\n".encode()),
        ({"b": 1, "a": [None, "é"]}, '{"a":[null,"é"],"b":1}'.encode()),
        (1.5, b"1.5"),
        ([], b"[]"),
        (True, b"true"),
    ],
)
def test_a_hash_is_over_the_text_or_over_compact_sorted_json(value: Any, data: bytes) -> None:
    assert canonical(value) == data
