"""What a journal promises, said with plain lists: the model the journal is held against."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from flock.events import ArtifactPublished, Channel, Delta, Event, JournalItem, RunEvent, Stream
from flock.journal import DELTA_BYTES, Journal
from flock.merge import Record
from flock.selection import Selection
from flock.transcript import CHANNEL_BYTES


@dataclass(frozen=True)
class Entry:
    """One append: an event, or a delta where `channel` is set. Its offset is its place in the list, from 1."""

    stream: Stream | None
    event: Event | None = None
    channel: Channel | None = None
    attempt: int = 0
    sequence: int = 0
    text: str = ""


@dataclass
class ModelRun:
    """What is true of one run now."""

    stream: Stream
    attempt: int = 1
    next_sequence: int = 0
    texts: dict[Channel, str] = field(default_factory=dict)
    outcome_bytes: int = 0

    @property
    def text_bytes(self) -> int:
        return sum(len(text.encode()) for text in self.texts.values())

    @property
    def size(self) -> int:
        names = sum(CHANNEL_BYTES + len((channel.field or "").encode()) for channel in self.texts)
        return self.text_bytes + names + self.outcome_bytes


def check_read(
    entries: Sequence[Entry], items: Sequence[JournalItem], selection: Selection, *, after: int, end: int, whole: bool
) -> None:
    """Check that items are exactly the selected entries of the range `(after, end]`, merged as the contract says.

    `whole` says that everything that can be merged must be.
    """
    rest = [(offset, entries[offset - 1]) for offset in range(after + 1, end + 1)]
    rest = [(offset, entry) for offset, entry in rest if _selects(selection, entry)]
    places: list[int] = []
    order: dict[int, list[int]] = {}
    for item in items:
        offsets = _take(rest, item)
        places.append(offsets[0])
        stream = entries[offsets[0] - 1].stream
        if stream is not None:
            order.setdefault(stream.number, []).extend(offsets)
    assert not rest, "something was left out"
    assert places == sorted(places), "items are not at the place of their earliest entry"
    for offsets in order.values():
        assert offsets == sorted(offsets), "something of one stream was reordered"
    if whole:
        _check_merged(items)


def _selects(selection: Selection, entry: Entry) -> bool:
    if entry.event is None:
        assert entry.stream is not None
        return selection.takes_stream(entry.stream)
    return selection.takes(entry.event, entry.stream)


def _take(rest: list[tuple[int, Entry]], item: JournalItem) -> list[int]:
    """Take the entries an item stands for out of the rest; gives their offsets."""
    if not isinstance(item, Delta):
        found = [offset for offset, entry in rest if entry.event is item]
    else:
        wanted = range(item.sequence, item.sequence + item.count)
        run_id = item.stream.run_id
        parts = [
            (offset, entry)
            for offset, entry in rest
            if entry.stream is not None and entry.stream.run_id == run_id and entry.event is None
            if entry.sequence in wanted
        ]
        assert len(parts) == item.count >= 1, "a delta stands for more or less than it says"
        assert all(entry.channel == item.channel and entry.attempt == item.attempt for _, entry in parts)
        assert "".join(entry.text for _, entry in parts) == item.text, "text was lost"
        found = [offset for offset, _ in parts]
    assert found, f"{item} was never appended, or came twice"
    rest[:] = [pair for pair in rest if pair[0] not in found]
    return found


def _check_merged(items: Sequence[JournalItem]) -> None:
    streams: dict[str, list[JournalItem]] = {}
    for item in items:
        run_id = item.stream.run_id if isinstance(item, Delta) else _run_id(item)
        if run_id is not None:
            streams.setdefault(run_id, []).append(item)
    for own in streams.values():
        for one, other in pairwise(own):
            if isinstance(one, Delta) and isinstance(other, Delta):
                assert (one.channel, one.attempt) != (other.channel, other.attempt), "two deltas could be one"


def _run_id(event: Event) -> str | None:
    """Give the run an event belongs to."""
    return event.run_id if isinstance(event, RunEvent | ArtifactPublished) else None


def check_size(journal: Journal, running: Sequence[ModelRun], recent: Sequence[ModelRun]) -> None:
    """Check the journal's account of its memory against what it holds."""
    size = sum(run.size for run in (*running, *recent))
    for entry in journal._entries[journal._skip :]:
        match entry:
            case Record():
                size += entry.size
            case Delta(text=text):
                size += DELTA_BYTES + (len(text) if text.isascii() else 4 * len(text))
            case None:
                raise AssertionError("a hole in the log")
    assert journal.size == size
    assert journal.size <= journal.max_bytes
    assert all(entry is None for entry in journal._entries[: journal._skip])
    assert len(journal._entries) - journal._skip == journal.events == journal.head - journal.tail
