"""What a subscription takes."""

import pytest
from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.subscriptions import Subscription


class Note(BaseModel):
    stars: int = 0


def note(type: str = "Note", *, stars: int = 0, by: str = "external", tags: tuple[str, ...] = ()) -> Artifact:
    return Artifact(type=type, payload=Note(stars=stars), produced_by=by, tags=frozenset(tags))


def test_several_types_are_a_join() -> None:
    assert Subscription(("Note", "Idea")).is_join
    assert not Subscription(("Note",)).is_join


def test_any_of_its_types_is_taken_and_no_other() -> None:
    subscription = Subscription(("Note", "Idea"))
    assert [subscription.accepts(note(name)) for name in ("Note", "Idea", "Post")] == [True, True, False]


def test_all_tags_must_be_on_the_artifact() -> None:
    subscription = Subscription(("Note",), tags=frozenset({"a", "b"}))
    assert subscription.accepts(note(tags=("a", "b", "c")))
    assert not subscription.accepts(note(tags=("a",)))


def test_only_the_named_producers_count() -> None:
    subscription = Subscription(("Note",), from_agents=frozenset({"writer", "editor"}))
    assert subscription.accepts(note(by="editor"))
    assert not subscription.accepts(note())


def test_where_gets_the_payload_and_is_asked_last() -> None:
    asked: list[int] = []

    def where(payload: Note) -> bool:
        asked.append(payload.stars)
        return payload.stars > 2

    subscription = Subscription(("Note",), where, tags=frozenset({"a"}))
    assert not subscription.accepts(note(stars=5))
    assert subscription.accepts(note(stars=4, tags=("a",)))
    assert not subscription.accepts(note(stars=1, tags=("a",)))
    assert asked == [4, 1]


def test_an_exception_in_where_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        Subscription(("Note",), lambda payload: 1 / payload.stars).accepts(note())
