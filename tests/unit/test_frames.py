import json

import pytest

from flock.cursor import NOWHERE
from flock.events import Delta, Format, decode_event
from flock.frame import Frame
from flock.frames import FRAME_BYTES, SHARED_FRAMES, FrameSource
from flock.journal import Journal
from flock.merge import EVENT_BYTES
from flock.selection import EVERYTHING, Selection
from tests.unit.samples import activated, make_stream, open_stream, texts_of, write


@pytest.fixture
def journal() -> Journal:
    return Journal(epoch="ab")


def publish(journal: Journal) -> None:
    """Do what a beat of the pulse does."""
    journal.pulse.published = journal.head


def test_two_readers_at_one_place_get_the_same_frame_and_the_same_bytes(journal: Journal) -> None:
    source = FrameSource(journal)
    write(journal, open_stream(journal), "a", "b")
    publish(journal)
    one, other = source.read(0, EVERYTHING), source.read(0, Selection.of())
    assert one is other
    assert one.encode("full") is other.encode("full")
    assert one.encode("compact") is other.encode("compact")
    assert one.encode("compact") != one.encode("full")


def test_a_frame_is_packed_once_for_each_kind_of_line_and_format(journal: Journal) -> None:
    calls: list[str] = []

    def pack(frame: Frame, format: Format) -> tuple[bytes, ...]:
        calls.append(format)
        return (b"head", frame.encode(format))

    def pack_otherwise(frame: Frame, format: Format) -> tuple[bytes, ...]:
        return (frame.encode(format),)

    frame = Frame(journal.cursor(0), (activated(make_stream()),))
    assert frame.packed(pack, "full") is frame.packed(pack, "full")
    assert frame.packed(pack, "compact") == (b"head", frame.encode("compact"))
    assert frame.packed(pack_otherwise, "full") == (frame.encode("full"),)
    assert calls == ["full", "compact"]


def test_readers_with_other_selections_or_places_get_frames_of_their_own(journal: Journal) -> None:
    source = FrameSource(journal)
    write(journal, open_stream(journal, agent_name="writer"), "a")
    write(journal, open_stream(journal, run_id="2", agent_name="editor"), "b")
    publish(journal)
    assert texts_of(source.read(0, EVERYTHING).items) == ["a", "b"]
    assert texts_of(source.read(0, Selection.of(agent=["editor"])).items) == ["b"]
    assert texts_of(source.read(2, EVERYTHING).items) == ["b"]


def test_a_frame_says_where_to_go_on_and_what_happened(journal: Journal) -> None:
    source = FrameSource(journal)
    write(journal, open_stream(journal), "a", "b")
    publish(journal)
    frame = source.read(0, EVERYTHING)
    message = json.loads(frame.encode("full"))
    assert message["cursor"] == str(frame.cursor) == "ab-3"
    assert [decode_event(json.dumps(event)) for event in message["events"]] == [
        item.event() if isinstance(item, Delta) else item for item in frame.items
    ]


def test_a_frame_ends_at_what_is_published(journal: Journal) -> None:
    source = FrameSource(journal)
    transcript = open_stream(journal)
    write(journal, transcript, "a")
    publish(journal)
    write(journal, transcript, "b")
    first = source.read(0, EVERYTHING)
    assert (texts_of(first.items), first.cursor.offset) == (["a"], 2)
    publish(journal)
    second = source.read(0, EVERYTHING)
    assert (texts_of(second.items), second.cursor.offset) == (["ab"], 3)


def test_without_an_interval_every_event_is_a_frame() -> None:
    journal = Journal(flush_interval_s=0)
    source = FrameSource(journal)
    write(journal, open_stream(journal), "a", "b")
    publish(journal)
    assert [texts_of(source.read(after, EVERYTHING).items) for after in range(3)] == [[], ["a"], ["b"]]


def test_a_frame_is_bounded(journal: Journal) -> None:
    source = FrameSource(journal)
    transcript = open_stream(journal)
    write(journal, transcript, *["é" * 10_000] * 30)
    publish(journal)
    frames = []
    after = 1
    while after < journal.head:
        frames.append(source.read(after, EVERYTHING))
        after = frames[-1].cursor.offset
    assert len(frames) == 3
    assert all(len(frame.encode("full")) <= FRAME_BYTES + EVENT_BYTES for frame in frames)
    assert "".join(text for frame in frames for text in texts_of(frame.items)) == "é" * 300_000


def test_frames_that_nobody_can_come_to_any_more_are_let_go(journal: Journal) -> None:
    source = FrameSource(journal)
    transcript = open_stream(journal)
    for _ in range(10):
        write(journal, transcript, "text")
        publish(journal)
        source.read(0, EVERYTHING)
    assert len(source._shared) == 1


def test_the_number_of_shared_frames_is_bounded(journal: Journal) -> None:
    source = FrameSource(journal)
    write(journal, open_stream(journal), *["text"] * 200)
    publish(journal)
    for after in range(200):
        source.read(after, EVERYTHING)
    assert len(source._shared) == SHARED_FRAMES


def test_a_frame_of_nowhere_cannot_be_resumed_from(journal: Journal) -> None:
    frame = Frame(NOWHERE, (activated(make_stream()),))
    assert json.loads(frame.encode("full"))["cursor"] == "0-0"
    assert journal.locate(frame.cursor) == "other_epoch"
