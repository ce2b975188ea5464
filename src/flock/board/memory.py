"""The blackboard in memory: bounded, indexed, read by position."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import TypeVar
from uuid import UUID

from flock.artifacts import Artifact
from flock.board.base import Page, Query
from flock.board.positions import Positions
from flock.errors import ClosedError, CursorError, InputError, LeftBehindError, PayloadError

KeyT = TypeVar("KeyT", bound=Hashable)

ARTIFACT_OVERHEAD_BYTES = 1024
"""What an artifact costs in memory beside its payload's JSON: objects, ids, its places in the indexes."""

TAG_OVERHEAD_BYTES = 256
"""What each tag of an artifact costs beside its text: an index of its own, at worst."""


@dataclass(frozen=True, slots=True)
class _Entry:
    artifact: Artifact
    size: int


class InMemoryBoard:
    """A blackboard that lives and ends with its process.

    It holds at most `max_artifacts` artifacts and `max_bytes` bytes, measured as the JSON of the payloads; the oldest
    go first, and can then be neither got nor listed. Page cursors stay good while artifacts come and go: what was
    dropped meanwhile is left out. Closing it ends the subscriptions and refuses publications; what it holds stays
    readable. It belongs to one event loop at a time and is not thread-safe.
    """

    def __init__(self, *, max_artifacts: int = 100_000, max_bytes: int = 256 * 2**20) -> None:
        self.max_artifacts = max_artifacts
        self.max_bytes = max_bytes
        self._epoch = secrets.token_hex(4)
        self._log: dict[int, _Entry] = {}
        self._first = 1
        self._end = 1
        self._size = 0
        self._places: dict[UUID, int] = {}
        self._by_type: dict[str, Positions] = {}
        self._by_producer: dict[str, Positions] = {}
        self._by_correlation: dict[UUID, Positions] = {}
        self._by_tag: dict[str, Positions] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._log)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    async def publish(self, artifacts: Sequence[Artifact]) -> None:
        """Store these artifacts, all or none, in this order.

        Raises `InputError` for an id that is taken or for more than the board can hold at once, `PayloadError` for a
        payload that JSON cannot hold, `ClosedError` after closing.
        """
        if self._is_closed:
            raise ClosedError("This board was closed.", hint="Make a new one for new work.")
        entries = [_Entry(artifact, _size(artifact)) for artifact in artifacts]
        self._check(entries)
        for entry in entries:
            self._store(entry)
        self._trim()
        self._wake()

    async def get(self, artifact_id: UUID) -> Artifact | None:
        """Give the artifact with this id, None if there is none (any more)."""
        position = self._places.get(artifact_id)
        return None if position is None else self._log[position].artifact

    async def query(self, query: Query, *, limit: int = 100, cursor: str | None = None) -> Page:
        """List artifacts in the order of the query; raises `CursorError` for what is no cursor of this board."""
        if limit < 1:
            raise InputError(f"A page of {limit} artifacts cannot be listed.", hint="Ask for at least 1.")
        place = None if cursor is None else self._parse(cursor)
        found: list[int] = []
        for position in self._candidates(query, place):
            if _fits(query, self._log[position].artifact):
                found.append(position)
                if len(found) > limit:
                    break
        page = found[:limit]
        items = tuple(self._log[position].artifact for position in page)
        return Page(items, f"{self._epoch}-{page[-1]}" if len(found) > limit else None)

    def publications(self) -> AsyncIterator[Artifact]:
        """Yield what is published from this call on, until the board is closed.

        A subscriber reads the board's log at its own pace, so it costs a number and delays nobody. One that is so slow
        that the board forgets its next artifact gets a `LeftBehindError`, never a silent hole.
        """
        return self._follow(self._end)

    async def aclose(self) -> None:
        """End the subscriptions and refuse publications."""
        self._is_closed = True
        self._wake()

    async def _follow(self, position: int) -> AsyncIterator[Artifact]:
        while True:
            if position < self._first:
                raise LeftBehindError(
                    f"A subscriber missed {self._first - position} artifact(s): the board dropped them unread.",
                    hint="Read faster, or give the board a larger max_artifacts or max_bytes.",
                )
            if position < self._end:
                yield self._log[position].artifact
                position += 1
            elif self._is_closed:
                return
            else:
                await self._more()

    async def _more(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _check(self, entries: Sequence[_Entry]) -> None:
        size = sum(entry.size for entry in entries)
        if len(entries) > self.max_artifacts or size > self.max_bytes:
            raise InputError(
                f"{len(entries)} artifacts of {size:,} bytes do not fit on a board of {self.max_artifacts:,} artifacts"
                f" and {self.max_bytes:,} bytes.",
                hint="Publish fewer at once, or give the board a larger max_artifacts or max_bytes.",
            )
        ids: set[UUID] = set()
        for entry in entries:
            taken = entry.artifact.id
            if taken in self._places or taken in ids:
                raise InputError(f"Artifact {taken} is on the board already.", hint="Make a new artifact.")
            ids.add(taken)

    def _store(self, entry: _Entry) -> None:
        position, artifact = self._end, entry.artifact
        self._log[position] = entry
        self._places[artifact.id] = position
        _append(self._by_type, artifact.type, position)
        _append(self._by_producer, artifact.produced_by, position)
        _append(self._by_correlation, artifact.correlation_id, position)
        for tag in artifact.tags:
            _append(self._by_tag, tag, position)
        self._size += entry.size
        self._end += 1

    def _trim(self) -> None:
        while len(self._log) > self.max_artifacts or self._size > self.max_bytes:
            entry = self._log.pop(self._first)
            artifact = entry.artifact
            del self._places[artifact.id]
            _drop_first(self._by_type, artifact.type)
            _drop_first(self._by_producer, artifact.produced_by)
            _drop_first(self._by_correlation, artifact.correlation_id)
            for tag in artifact.tags:
                _drop_first(self._by_tag, tag)
            self._size -= entry.size
            self._first += 1

    def _candidates(self, query: Query, place: int | None) -> Iterable[int]:
        """Give positions behind `place`, in the query's order, that hold at least everything it asks for."""
        choices: list[list[Positions]] = []
        if query.correlation_id is not None:
            choices.append(_chosen(self._by_correlation, [query.correlation_id]))
        if query.type:
            choices.append(_chosen(self._by_type, query.type))
        if query.produced_by:
            choices.append(_chosen(self._by_producer, query.produced_by))
        if query.tags:
            choices.append(_chosen(self._by_tag, query.tags))
        rarest = min(choices, key=lambda indexes: sum(map(len, indexes)), default=None)
        if query.order == "newest":
            before = self._end if place is None else min(place, self._end)
            return range(before - 1, self._first - 1, -1) if rarest is None else _merged_before(rarest, before)
        after = 0 if place is None else place
        return range(max(after + 1, self._first), self._end) if rarest is None else _merged(rarest, after)

    def _parse(self, cursor: str) -> int:
        epoch, _, digits = cursor.partition("-")
        if epoch != self._epoch or not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            shown = cursor if len(cursor) <= 64 else f"{cursor[:64]}…"
            raise CursorError(
                f"{shown!r} is not a cursor of this board.",
                hint="Send back `next` of the last page, or leave the cursor out to start over.",
            )
        return int(digits)


def _size(artifact: Artifact) -> int:
    try:
        size = len(artifact.payload.model_dump_json(warnings=False))
        tags = sum(len(tag.encode()) + TAG_OVERHEAD_BYTES for tag in artifact.tags)
        return size + tags + ARTIFACT_OVERHEAD_BYTES
    except ValueError as exc:
        raise PayloadError(
            f"An artifact of type {artifact.type!r} cannot be written as JSON: {exc}.",
            hint="Give each of its fields a type that JSON can hold, and text without lone surrogates.",
        ) from exc


def _fits(query: Query, artifact: Artifact) -> bool:
    return (
        (not query.type or artifact.type in query.type)
        and (not query.produced_by or artifact.produced_by in query.produced_by)
        and (query.correlation_id is None or artifact.correlation_id == query.correlation_id)
        and (not query.tags or not query.tags.isdisjoint(artifact.tags))
        and (query.since is None or artifact.created_at >= query.since)
        and (query.until is None or artifact.created_at < query.until)
        and artifact.is_seen_by(query.seen_by)
        and (query.shown_as is None or artifact.may_be_shown_as(query.shown_as))
    )


def _chosen(index: Mapping[KeyT, Positions], keys: Iterable[KeyT]) -> list[Positions]:
    return [index[key] for key in keys if key in index]


def _merged(indexes: Iterable[Positions], after: int) -> Iterator[int]:
    last = after
    for position in merge(*(index.after(after) for index in indexes)):
        if position != last:  # an artifact with two of the tags is in two of the indexes
            yield position
            last = position


def _merged_before(indexes: Iterable[Positions], before: int) -> Iterator[int]:
    last = before
    for position in merge(*(index.before(before) for index in indexes), reverse=True):
        if position != last:
            yield position
            last = position


def _append(index: dict[KeyT, Positions], key: KeyT, position: int) -> None:
    positions = index.get(key)
    if positions is None:
        positions = index[key] = Positions()
    positions.append(position)


def _drop_first(index: dict[KeyT, Positions], key: KeyT) -> None:
    positions = index[key]
    positions.drop_first()
    if not positions:
        del index[key]
