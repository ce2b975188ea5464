"""The stamps that tokens carry, `stream|number|nanoseconds `, and the ledger that says whether all of them arrived."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

STREAM = b"SSSSSS"
NANOSECONDS = b"N" * 19
"""What stands in a prepared token where the model server writes its stream and the time of sending."""

_GAP = b'"type":"gap"'
_STAMP = re.compile(rb"(\d{6})\|(\d{6})\|(\d{19})")


class Stretch(NamedTuple):
    """Tokens of one stream that follow each other in a message: the first one's number, and how many."""

    stream: int
    first: int
    length: int


@dataclass(frozen=True, slots=True)
class Stamps:
    """What one message holds: its tokens in stretches, and when each was sent (monotonic clock, nanoseconds)."""

    stretches: tuple[Stretch, ...]
    sent_ns: tuple[int, ...]
    has_gap: bool = False
    """Whether the viewer is told that it missed something, and gets texts whole instead."""


def blank_token(number: int) -> str:
    """Give the token of this number as a prepared answer holds it."""
    return f"{STREAM.decode()}|{number:06}|{NANOSECONDS.decode()} "


def read_stamps(payload: bytes) -> Stamps:
    """Find all stamps in a message, whatever stands around them."""
    stretches: list[Stretch] = []
    sent_ns: list[int] = []
    stream = first = following = -1
    for found in _STAMP.findall(payload):
        number = int(found[1])
        sent_ns.append(int(found[2]))
        if number != following or int(found[0]) != stream:
            if sent_ns[1:]:
                stretches.append(Stretch(stream, first, following - first))
            stream, first = int(found[0]), number
        following = number + 1
    if sent_ns:
        stretches.append(Stretch(stream, first, following - first))
    return Stamps(tuple(stretches), tuple(sent_ns), _GAP in payload)


@dataclass(frozen=True, slots=True)
class Flaws:
    """What a viewer did not get, or not as it was sent; all zero where every token came once and in order."""

    missing: int = 0
    doubled: int = 0
    reordered: int = 0
    foreign: int = 0

    def __bool__(self) -> bool:
        return any((self.missing, self.doubled, self.reordered, self.foreign))


class Ledger:
    """What one viewer has seen in a round of `streams` streams with `tokens` tokens each."""

    def __init__(self, *, streams: int, tokens: int) -> None:
        self._streams = streams
        self._tokens = tokens
        self._next: dict[int, int] = {}
        self._skipped: dict[int, set[int]] = {}
        self._seen = 0
        self._doubled = 0
        self._reordered = 0

    @property
    def is_full(self) -> bool:
        """Whether as many tokens have come as were sent."""
        return self._seen >= self._streams * self._tokens

    def take(self, stretches: Iterable[Stretch]) -> None:
        """Note the tokens of a message."""
        following = self._next
        for stream, first, length in stretches:
            if first == following.get(stream, 0):
                following[stream] = first + length
                self._seen += length
            else:
                for number in range(first, first + length):
                    self._take_one(stream, number)

    def flaws(self) -> Flaws:
        """Say what is wrong so far; tokens that are still to come are missing."""
        seen = {stream: end - len(self._skipped.get(stream, ())) for stream, end in self._next.items()}
        known = sorted(seen.values(), reverse=True)[: self._streams]
        within = sum(min(count, self._tokens) for count in known)
        return Flaws(
            missing=self._streams * self._tokens - within,
            doubled=self._doubled,
            reordered=self._reordered,
            foreign=self._seen - within,
        )

    def _take_one(self, stream: int, number: int) -> None:
        expected = self._next.get(stream, 0)
        skipped = self._skipped.setdefault(stream, set())
        if number >= expected:
            skipped.update(range(expected, number))
            self._next[stream] = number + 1
        elif number in skipped:
            skipped.discard(number)
            self._reordered += 1
        else:
            self._doubled += 1
            return
        self._seen += 1
