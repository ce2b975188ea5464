"""The log: append, read from a cursor with merging, trim, gap, snapshot.

One process has one journal: bounded, in memory, in one order. It belongs to one event loop and is not thread-safe.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Literal

import msgspec

from flock.cursor import Cursor
from flock.errors import OutputTooLargeError
from flock.events import AttemptStarted, Channel, Delta, Event, JournalItem, Outcome, Stream, encode_event
from flock.growing_text import GrowingText
from flock.leaves import plain
from flock.merge import Merge, Record
from flock.pulse import Pulse
from flock.selection import EVERYTHING, Selection
from flock.transcript import Mark, Transcript, channel_size
from flock.visibility import Visibility

GapReason = Literal["too_old", "other_epoch", "ahead"]

DELTA_BYTES = 216
"""What a delta costs in memory beside its text: the object, its numbers, its place in the log, and what the allocator
cannot use between them.
"""

RECORD_BYTES = 256
"""The same for any other event, beside its encoded length."""

TRIM_SHARE = 1024
"""Which part of the journal's bound is made free when it is reached."""

SCAN_ENTRIES = 8192
"""How many entries one read looks at, so that a read never holds the event loop for long."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read gave: the items, and the offset behind the range that was read."""

    items: tuple[JournalItem, ...]
    end: int


class Journal:
    """The bounded, append-only log of events.

    It holds at most `max_bytes` of memory; the oldest entries go first. Of each running stream and the last
    `recent_runs` finished ones it also keeps the accumulated text, for which half of `max_bytes` is there: the oldest
    finished ones go first. One run's output is bounded by `max_output_bytes`. Nobody waits here: appending is O(1)
    and never fails because of a viewer.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 64 * 2**20,
        max_output_bytes: int = 4 * 2**20,
        recent_runs: int = 64,
        flush_interval_s: float = 0.033,
        epoch: str | None = None,
    ) -> None:
        self.epoch = epoch or secrets.token_hex(6)
        self.max_bytes = max_bytes
        self.max_output_bytes = max_output_bytes
        self.recent_runs = recent_runs
        self.pulse = Pulse(interval_s=flush_interval_s)
        self.tokens_total = 0  # counted by the writers
        self._entries: list[Delta | Record | None] = []
        self._base = 0
        self._skip = 0
        self._entry_bytes = 0
        self._text_bytes = 0
        self._streams = 0
        self._running: dict[str, Transcript] = {}
        self._recent: OrderedDict[str, Transcript] = OrderedDict()

    @property
    def head(self) -> int:
        """Offset of the newest event; 0 when there was none."""
        return self._base + len(self._entries)

    @property
    def tail(self) -> int:
        """The oldest offset one can read behind."""
        return self._base + self._skip

    @property
    def size(self) -> int:
        """Bytes held: entries and accumulated texts."""
        return self._entry_bytes + self._text_bytes

    @property
    def events(self) -> int:
        """How many entries are held."""
        return len(self._entries) - self._skip

    def cursor(self, offset: int) -> Cursor:
        """Give the cursor behind `offset`."""
        return Cursor(self.epoch, offset)

    def next_stream_number(self) -> int:
        """Draw the next stream number of this journal."""
        self._streams += 1
        return self._streams

    def append(self, event: Event, stream: Stream | None = None, *, visibility: Visibility | None = None) -> int:
        """Append an event of this stream, or of none; gives its offset.

        Without a `visibility` of its own it is seen as its stream is; of no stream, it is about the whole process.
        """
        return self._push(_record(event, stream, visibility))

    def open(self, stream: Stream, event: Event) -> Transcript:
        """Append the event that starts a stream, and keep its transcript from now on."""
        record = _record(event, stream)
        transcript = Transcript(stream, started_at=event.timestamp, first_offset=self.head + 1)
        self._running[stream.run_id] = transcript
        self._push(record)
        return transcript

    def append_delta(self, transcript: Transcript, channel: Channel, text: str) -> None:
        """Append text of one channel, which must be valid Unicode.

        Raises `OutputTooLargeError` where a bound of text is passed, `OutputError` for a channel that cannot be.
        """
        data = text.encode()
        size = len(data)
        text_bytes = transcript.text_bytes + size
        if text_bytes > self.max_output_bytes:
            raise output_too_large(transcript.stream, self.max_output_bytes)
        so_far = transcript.channels.get(channel)
        if so_far is None:
            so_far = self._open_channel(transcript, channel, size)
        elif (self._text_bytes + size) * 2 > self.max_bytes:
            self._make_room(size)
        so_far.append(data)
        self._text_bytes += size
        transcript.text_bytes = text_bytes
        sequence = transcript.next_sequence
        transcript.next_sequence = sequence + 1
        self._entry_bytes += DELTA_BYTES + (size if size == len(text) else _wide(text))
        # What `_push` does, written out: this is done for every token.
        entries = self._entries
        entries.append(Delta(transcript.stream, channel, transcript.attempt, sequence, text, time()))
        if self._entry_bytes + self._text_bytes > self.max_bytes:
            self._trim()
        self.pulse.advance(self._base + len(entries))

    def start_attempt(self, transcript: Transcript, *, reason: str) -> None:
        """Begin the next attempt: what the earlier ones showed is void."""
        transcript.attempt += 1
        transcript.channels = {}
        self._text_bytes -= transcript.size
        transcript.text_bytes = transcript.extra_bytes = 0
        stream = transcript.stream
        event = AttemptStarted(
            correlation_id=stream.correlation_id,
            agent_name=stream.agent_name,
            run_id=stream.run_id,
            attempt=transcript.attempt,
            reason=reason,
        )
        self.append(event, stream)

    def close(self, transcript: Transcript, event: Event, outcome: Outcome) -> None:
        """Append a stream's final event; its transcript stays while it is among the recent ones."""
        record = _record(event, transcript.stream)
        del self._running[transcript.stream.run_id]
        transcript.state = outcome.status
        transcript.outcome = outcome
        transcript.ended_at = event.timestamp
        transcript.extra_bytes += record.size
        self._text_bytes += record.size
        self._recent[transcript.stream.run_id] = transcript
        self._forget_while(lambda: len(self._recent) > self.recent_runs or self._text_bytes * 2 > self.max_bytes)
        self._push(record)

    def locate(self, cursor: Cursor) -> GapReason | None:
        """Say why one cannot read on from `cursor`, None if one can."""
        if cursor.epoch != self.epoch:
            return "other_epoch"
        if cursor.offset > self.head:
            return "ahead"
        return "too_old" if cursor.offset < self.tail else None

    def marks(self, selection: Selection = EVERYTHING) -> tuple[int, list[Mark]]:
        """Give the head, and where each known stream stands at it, the oldest first."""
        known = (*self._recent.values(), *self._running.values())
        return self.head, [entry.mark() for entry in known if selection.takes_stream(entry.stream)]

    def read(
        self,
        after: int,
        selection: Selection = EVERYTHING,
        *,
        max_bytes: int = 256 * 2**10,
        upto: int | None = None,
        merge_window_s: float | None = None,
    ) -> Batch:
        """Read the contiguous range of offsets behind `after`, at most up to `upto`.

        Consecutive deltas of one stream and channel are merged into the place of the earliest, where given only
        within `merge_window_s`; nothing else is reordered. The range ends before its events would pass `max_bytes`,
        but holds at least one entry. Raises `ValueError` where `after` is out of reach (see `locate`).
        """
        if after < self.tail:
            raise ValueError(f"Offset {after} is out of reach: the journal begins behind {self.tail}.")
        end = self.head if upto is None else min(upto, self.head)
        end = min(end, after + SCAN_ENTRIES)
        merge = Merge(merge_window_s)
        entries = self._entries[after - self._base : end - self._base]
        number = merge.add(entries, None if selection.is_everything else partial(_takes, selection), max_bytes)
        return Batch(merge.result(), after + number)

    def _push(self, record: Record) -> int:
        self._entry_bytes += record.size
        entries = self._entries
        entries.append(record)
        head = self._base + len(entries)
        if self._entry_bytes + self._text_bytes > self.max_bytes:
            self._trim()
        self.pulse.advance(head)
        return head

    def _trim(self) -> None:
        """Drop the oldest entries until the bound holds, and some more: many at once cost less than each by itself."""
        entries, skip = self._entries, self._skip
        room = self.max_bytes - self.max_bytes // TRIM_SHARE - self._text_bytes
        entry_bytes = self._entry_bytes
        while entry_bytes > room and skip < len(entries):
            entry_bytes -= _cost(entries[skip])
            entries[skip] = None
            skip += 1
        self._entry_bytes = entry_bytes
        self._skip = skip
        if skip > 1024 and skip * 2 > len(entries):
            del entries[:skip]
            self._base += skip
            self._skip = 0

    def _open_channel(self, transcript: Transcript, channel: Channel, size: int) -> GrowingText:
        """Begin a channel with room for `size` bytes of text."""
        cost = channel_size(transcript.stream, channel)
        if (self._text_bytes + cost + size) * 2 > self.max_bytes:
            self._make_room(cost + size)
        transcript.extra_bytes += cost
        self._text_bytes += cost
        so_far = transcript.channels[channel] = GrowingText()
        return so_far

    def _make_room(self, cost: int) -> None:
        """Forget finished streams so that there is room for `cost` more bytes of text."""
        self._forget_while(lambda: (self._text_bytes + cost) * 2 > self.max_bytes)
        if (self._text_bytes + cost) * 2 > self.max_bytes:
            raise texts_too_large(self.max_bytes)

    def _forget_while(self, is_too_much: Callable[[], bool]) -> None:
        while self._recent and is_too_much():
            _, transcript = self._recent.popitem(last=False)
            self._text_bytes -= transcript.size
            transcript.channels = {}  # others may know the stream for longer, a cancelled timer's context for instance


def output_too_large(stream: Stream, max_bytes: int) -> OutputTooLargeError:
    """Make the error for a run whose output passes its bound."""
    return OutputTooLargeError(
        f"Run {stream.run_id} of {stream.agent_name!r} passed {max_bytes:,} bytes of output.",
        hint="Raise max_output_bytes if answers of this length are meant.",
    )


def texts_too_large(max_bytes: int) -> OutputTooLargeError:
    """Make the error for texts that pass the half of the journal that is there for them."""
    return OutputTooLargeError(
        f"The texts of all running streams passed half of the journal's {max_bytes:,} bytes.",
        hint="Raise the journal's max_bytes, or run fewer agents at once.",
    )


def _record(event: Event, stream: Stream | None, visibility: Visibility | None = None) -> Record:
    try:
        size = len(encode_event(event))
    except UnicodeEncodeError:
        event = msgspec.convert(plain(msgspec.to_builtins(event)), type(event))
        size = len(encode_event(event))
    return Record(event, stream, size + RECORD_BYTES, visibility)


def _takes(selection: Selection, entry: Delta | Record) -> bool:
    if isinstance(entry, Delta):
        return selection.takes_stream(entry.stream)
    return selection.takes(entry.event, entry.stream, entry.visibility)


def _cost(entry: Delta | Record | None) -> int:
    if isinstance(entry, Delta):
        text = entry.text
        return DELTA_BYTES + (len(text) if text.isascii() else _wide(text))
    return 0 if entry is None else entry.size


def _wide(text: str) -> int:
    """Give what a text that is not ASCII costs in memory: up to four bytes per character."""
    return 4 * len(text)
