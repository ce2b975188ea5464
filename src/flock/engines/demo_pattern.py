"""A string that matches a regular expression, for the simple expressions that models use to check a field.

Knows literals, classes, groups, alternatives and repeats. What it cannot make (look-arounds, back references, flags)
it does not guess: there is no string then.
"""

import random
import re
import string
from collections.abc import Callable

Maker = Callable[[random.Random], str]

DRAWS = 200
OPEN_REPEATS = 4
_DIGITS = string.digits
_WORD = string.ascii_letters + string.digits + "_"
_SPACE = " "
_PRINTABLE = string.ascii_letters + string.digits + "-_.:;,+!# "
_ESCAPED_CLASSES = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _SPACE,
    "D": "".join(sorted(set(_PRINTABLE) - set(_DIGITS))),
    "W": "".join(sorted(set(_PRINTABLE) - set(_WORD))),
    "S": "".join(sorted(set(_PRINTABLE) - set(_SPACE))),
}
_ESCAPED_CHARACTERS = {"n": "\n", "t": "\t", "r": "\r"}
_ANCHOR_ESCAPES = "AZzbB"


def matching(pattern: str, rng: random.Random, *, least: int = 0, most: int | None = None) -> str | None:
    """Draw a string of `least` to `most` characters that `pattern` matches; None where that does not succeed."""
    try:
        make = _Reader(pattern, repeats=max(OPEN_REPEATS, least)).whole()
        check = re.compile(pattern)
    except (ValueError, re.error):
        return None
    for _ in range(DRAWS):
        text = make(rng)
        if least <= len(text) and (most is None or len(text) <= most) and check.search(text):
            return text
    return None


def matches(pattern: str, text: str) -> bool:
    """Tell whether `text` matches; a pattern that Python cannot read (validators know others) counts as matched."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


class _Reader:
    """Reads an expression from left to right into a function that draws a match."""

    def __init__(self, pattern: str, *, repeats: int) -> None:
        self._pattern = pattern
        self._at = 0
        self._repeats = repeats

    def whole(self) -> Maker:
        make = self._alternatives()
        if self._at < len(self._pattern):
            raise ValueError("unbalanced parenthesis")
        return make

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        if self._at >= len(self._pattern):
            raise ValueError("the pattern ends early")
        self._at += 1
        return self._pattern[self._at - 1]

    def _take_if(self, expected: str) -> bool:
        found = self._pattern.startswith(expected, self._at)
        self._at += len(expected) if found else 0
        return found

    def _alternatives(self) -> Maker:
        choices = [self._sequence()]
        while self._take_if("|"):
            choices.append(self._sequence())
        return lambda rng: rng.choice(choices)(rng)

    def _sequence(self) -> Maker:
        pieces: list[Maker] = []
        while self._peek() not in ("", "|", ")"):
            pieces.append(self._piece())
        return lambda rng: "".join(piece(rng) for piece in pieces)

    def _piece(self) -> Maker:
        atom = self._atom()
        least, most = self._repeat()
        return atom if (least, most) == (1, 1) else _repeated(atom, least, most)

    def _repeat(self) -> tuple[int, int]:
        """Read a quantifier, if one stands here, as the fewest and most times to draw."""
        if self._take_if("*"):
            least, most = 0, self._repeats
        elif self._take_if("+"):
            least, most = 1, 1 + self._repeats
        elif self._take_if("?"):
            least, most = 0, 1
        elif bounds := re.compile(r"\{(\d+)(,?)(\d*)\}").match(self._pattern, self._at):
            self._at = bounds.end()
            least = int(bounds[1])
            open_most = least + (self._repeats if bounds[2] else 0)
            most = min(int(bounds[3]), open_most) if bounds[3] else open_most
        else:
            return 1, 1
        if not self._take_if("?"):
            self._take_if("+")
        return least, most

    def _atom(self) -> Maker:
        match character := self._take():
            case "^" | "$":
                return lambda rng: ""
            case ".":
                return lambda rng: rng.choice(string.ascii_lowercase)
            case "(":
                return self._group()
            case "[":
                return _one_of(self._class())
            case "\\":
                return self._escape()
            case _:
                return lambda rng: character

    def _group(self) -> Maker:
        if self._take_if("?") and not self._take_if(":"):
            name = re.compile(r"P?<\w+>").match(self._pattern, self._at)
            if name is None:
                raise ValueError("look-arounds and flags have no plain match")
            self._at = name.end()
        make = self._alternatives()
        if not self._take_if(")"):
            raise ValueError("missing closing parenthesis")
        return make

    def _escape(self) -> Maker:
        character = self._take()
        if character in _ANCHOR_ESCAPES:
            return lambda rng: ""
        return _one_of(self._escaped(character))

    def _escaped(self, character: str) -> str:
        if character in _ESCAPED_CLASSES:
            return _ESCAPED_CLASSES[character]
        if character in _ESCAPED_CHARACTERS:
            return _ESCAPED_CHARACTERS[character]
        if character.isalnum():
            raise ValueError(f"no match is known for \\{character}")
        return character

    def _class(self) -> str:
        """Read a class behind its opening bracket as the characters it may be."""
        negated = self._take_if("^")
        members: set[str] = set()
        while not (members and self._take_if("]")):
            members.update(self._member())
        allowed = set(_PRINTABLE) - members if negated else members
        return "".join(sorted(allowed))

    def _member(self) -> str:
        first = self._take()
        if first == "\\":
            return self._escaped(self._take())
        if self._peek() != "-" or self._pattern[self._at + 1 : self._at + 2] in ("", "]"):
            return first
        self._take()
        last = self._take()
        if last == "\\" or not 0 <= ord(last) - ord(first) < 0x1000:
            raise ValueError("a range that cannot be read")
        return "".join(map(chr, range(ord(first), ord(last) + 1)))


def _one_of(characters: str) -> Maker:
    if not characters:
        raise ValueError("a class without characters")
    return lambda rng: rng.choice(characters)


def _repeated(atom: Maker, least: int, most: int) -> Maker:
    if most < least:
        raise ValueError("a repeat that ends before it begins")
    return lambda rng: "".join(atom(rng) for _ in range(rng.randint(least, most)))
