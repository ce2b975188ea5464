"""Artifacts, their types, and what a user may publish."""

import gc
import json
import threading
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import ref

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

from flock.artifacts import EXTERNAL, Artifact, TypeRegistry, flock_type, read_publishable, types
from flock.errors import ConfigurationError, DuplicateNameError, InputError, PayloadError, UnknownNameError


@flock_type(name="ArtifactLetter")
class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: str
    pages: int = Field(default=1, ge=1)
    sent_at: datetime | None = None

    @field_validator("subject", mode="before")
    @classmethod
    def is_polite(cls, subject: str) -> str:
        if "rude" in subject:
            raise ValueError(f"{subject} is not polite")
        return subject


@flock_type(name="ArtifactParcel")
class Parcel(BaseModel):
    payload: str
    type: str = "box"


class Label(BaseModel):
    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    place: str = Field(alias="thePlace")


@flock_type(name="ArtifactLabelled")
class Labelled(BaseModel):
    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    heading: str = Field(alias="theHeading")
    weight: int = Field(validation_alias=AliasChoices("grams", "g"), serialization_alias="inGrams")
    labels: list[Label] = Field(alias="theLabels")


@flock_type(name="ArtifactCrate")
class Crate(BaseModel):
    letters: list[Letter] = []
    extra: Any = None


class Stranger(BaseModel):
    subject: str = ""


def model(name: str, place: str = "here") -> type[BaseModel]:
    return type(name, (BaseModel,), {"__module__": place, "__qualname__": name})


def test_an_artifact_from_outside_has_an_id_a_correlation_and_a_time() -> None:
    one, two = (Artifact(type="ArtifactLetter", payload=Letter(subject="hi")) for _ in range(2))
    assert one.produced_by == EXTERNAL == "external"
    assert one.run_id is None
    assert len({one.id, two.id, one.correlation_id, two.correlation_id}) == 4
    assert one.created_at.tzinfo is UTC


def test_the_wire_form_of_an_artifact_is_json_of_every_field() -> None:
    artifact = Artifact(
        type="ArtifactLetter",
        payload=Letter(subject="hi", sent_at=datetime(2026, 1, 2, tzinfo=UTC)),
        produced_by="writer",
        correlation_id=UUID(int=1),
        run_id="run",
        derived_from=(UUID(int=2),),
        tags=frozenset({"b", "a"}),
        id=UUID(int=3),
        created_at=datetime(2026, 1, 3, tzinfo=UTC),
    )
    assert json.loads(json.dumps(artifact.to_wire())) == {
        "id": str(UUID(int=3)),
        "type": "ArtifactLetter",
        "payload": {"subject": "hi", "pages": 1, "sent_at": "2026-01-02T00:00:00Z"},
        "produced_by": "writer",
        "correlation_id": str(UUID(int=1)),
        "run_id": "run",
        "derived_from": [str(UUID(int=2))],
        "tags": ["a", "b"],
        "visibility": {"kind": "public"},
        "created_at": "2026-01-03T00:00:00+00:00",
    }


def test_a_type_is_named_as_its_class_unless_it_says_otherwise() -> None:
    named = flock_type(name="ArtifactNamed")(model("Anything"))
    plain = flock_type(model("ArtifactPlain"))
    assert (types.name(named), types.model("ArtifactPlain")) == ("ArtifactNamed", plain)
    assert {"ArtifactNamed", "ArtifactPlain"} <= set(types.names())


@pytest.mark.parametrize("target", [int, "text", lambda: None])
def test_only_pydantic_models_become_types(target: Any) -> None:
    with pytest.raises(ConfigurationError, match="needs a pydantic model"):
        flock_type(target)


def test_two_types_of_one_name_are_refused() -> None:
    registry = TypeRegistry()
    registry.register(model("Idea", "one"), "Idea")
    with pytest.raises(DuplicateNameError, match=r"named 'Idea': one\.Idea and two\.Idea"):
        registry.register(model("Idea", "two"), "Idea")


def test_a_second_name_for_a_type_is_refused() -> None:
    registry, idea = TypeRegistry(), model("Idea")
    registry.register(idea, "Idea")
    registry.register(idea, "Idea")
    with pytest.raises(DuplicateNameError, match="is artifact type 'Idea' already"):
        registry.register(idea, "Thought")
    assert registry.names() == ["Idea"]


def test_a_type_defined_again_replaces_the_earlier_one_which_keeps_its_name() -> None:
    registry, earlier, later = TypeRegistry(), model("Idea"), model("Idea")
    for defined in (earlier, later):
        registry.register(defined, "Idea")
    assert registry.model("Idea") is later
    assert registry.name(earlier) == registry.name(later) == "Idea"


def test_a_replaced_type_is_not_kept_alive() -> None:
    registry = TypeRegistry()
    registry.register(model("Idea"), "Idea")
    earlier = ref(registry.model("Idea"))
    registry.register(model("Idea"), "Idea")
    gc.collect()
    assert earlier() is None


def test_an_unknown_type_name_brings_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'ArtifactLetter'"):
        types.model("ArtifactLeter")


@pytest.mark.parametrize("target", [Stranger, "ArtifactLetter", None])
def test_what_is_no_flock_type_has_no_name(target: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"is not a flock type\. Decorate the class with @flock_type"):
        types.name(target)


def test_a_payload_is_validated_with_the_path_of_each_mistake() -> None:
    with pytest.raises(PayloadError, match="does not fit type 'ArtifactLetter'") as caught:
        types.parse("ArtifactLetter", {"pages": 0, "secret": "hunter2"})
    assert [issue["path"] for issue in caught.value.issues] == ["subject", "pages", "secret"]
    assert "hunter2" not in str(caught.value)


def test_what_is_shown_of_a_type_with_aliases_can_be_published_again() -> None:
    payload = {"theHeading": "owls", "grams": 3, "theLabels": [{"thePlace": "barn"}]}
    _, published = read_publishable({"type": "ArtifactLabelled", "payload": payload})
    shown = Artifact(type="ArtifactLabelled", payload=published).to_wire()["payload"]
    assert shown == {"heading": "owls", "weight": 3, "labels": [{"place": "barn"}]}
    assert read_publishable({"type": "ArtifactLabelled", "payload": shown}) == ("ArtifactLabelled", published)
    assert read_publishable({"type": "ArtifactLabelled", **shown}) == ("ArtifactLabelled", published)


def test_a_payload_that_is_no_object_is_a_mistake_at_its_root() -> None:
    with pytest.raises(PayloadError) as caught:
        types.parse("ArtifactLetter", "hi")
    assert [issue["path"] for issue in caught.value.issues] == ["(root)"]


@pytest.mark.parametrize("payload", [{"subject": "hi", "\udfff": 1}, {"subject": "rude \ud800"}])
def test_half_characters_are_refused_in_words_that_can_be_sent(payload: dict[str, object]) -> None:
    with pytest.raises(PayloadError) as caught:
        types.parse("ArtifactLetter", payload)
    str(caught.value).encode()


def test_an_instance_is_published_as_it_is() -> None:
    letter = Letter(subject="hi")
    assert read_publishable(letter) == ("ArtifactLetter", letter)


def test_what_is_published_does_not_change_with_what_its_maker_holds() -> None:
    crate = Crate(letters=[Letter(subject="hi")], extra={"tags": ["a"]})
    for value in (crate, {"type": "ArtifactCrate", "payload": crate}, {"type": "ArtifactCrate", **dict(crate)}):
        _, published = read_publishable(value)
        before = published.model_dump_json()
        crate.letters[0].subject += "!"
        crate.extra["tags"].append("b")
        assert published.model_dump_json() == before


def test_what_cannot_be_copied_cannot_be_published() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    for value in (threading.Lock(), nested):
        with pytest.raises(PayloadError, match="cannot be copied") as caught:
            read_publishable(Crate(extra=value))
        assert "JSON" in str(caught.value)


def test_a_mapping_is_published_with_its_payload_or_with_its_fields() -> None:
    letter = Letter(subject="hi", pages=2)
    for value in (
        {"type": "ArtifactLetter", "payload": {"subject": "hi", "pages": 2}},
        {"type": "ArtifactLetter", "subject": "hi", "pages": 2},
        {"type": "ArtifactLetter", "payload": letter},
    ):
        assert read_publishable(value) == ("ArtifactLetter", letter)


def test_a_type_with_a_field_called_payload_is_published_in_the_long_form() -> None:
    wanted = ("ArtifactParcel", Parcel(payload="socks"))
    assert read_publishable({"type": "ArtifactParcel", "payload": {"payload": "socks"}}) == wanted


@pytest.mark.parametrize("value", [{}, {"payload": {}}, {"type": 5}, "ArtifactLetter", None, 7])
def test_what_cannot_be_published_is_refused_with_a_hint(value: Any) -> None:
    with pytest.raises(InputError, match="Publish a @flock_type instance"):
        read_publishable(value)


def test_an_instance_of_no_flock_type_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        read_publishable(Stranger())
