"""Plausible numbers for the demo model: by a field's name, inside a schema's bounds, on its multiples."""

import math
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

WIDTH = 100
WIDE = 1_000_000
MAX_MULTIPLES = 1_000_000_000
_USUAL = {
    word: (Fraction(low), Fraction(high))
    for words, low, high in (
        ("year", "1990", "2025"),
        ("month", "1", "12"),
        ("day", "1", "28"),
        ("hour", "7", "20"),
        ("age", "18", "80"),
        ("score rating stars grade", "1", "5"),
        ("percent percentage progress completion", "5", "95"),
        ("confidence probability ratio weight share similarity likelihood relevance", "0.55", "0.98"),
        ("price cost amount budget fee", "5", "500"),
        ("count number quantity total rank position priority level", "1", "20"),
        ("minutes duration seconds", "5", "90"),
        ("temperature", "-5", "30"),
        ("latitude lat", "-60", "60"),
        ("longitude lon lng", "-150", "150"),
    )
    for word in words.split()
}


def number(
    schema: Mapping[str, Any], tokens: Collection[str], rng: random.Random, *, is_integer: bool, is_wide: bool = False
) -> int | float:
    """Draw a number; `tokens` are the words of the field's name, `is_wide` asks for a far wider choice."""
    limits = _Limits.of(schema)
    step = _step(schema, is_integer=is_integer)
    multiples = limits.multiples(limits.window(WIDE if is_wide else WIDTH), step)
    usual = limits.multiples(_usual(tokens), step)
    if len(usual) > 1 and not is_wide:
        multiples = usual
    if multiples:
        value = rng.choice(multiples) * step
        return int(value) if is_integer else float(value)
    low, high = limits.window(1)
    return math.ceil(low) if is_integer else float(low + (high - low) * Fraction(rng.randint(1, 9), 10))


def _usual(tokens: Collection[str]) -> tuple[Fraction, Fraction]:
    for token in reversed([*tokens]):
        for word in (token, token.removesuffix("s")):
            if word in _USUAL:
                return _USUAL[word]
    return Fraction(1), Fraction(WIDTH)


@dataclass(frozen=True, slots=True)
class _Limits:
    """The bounds of a schema; `excluded` are the ones a value must not reach."""

    low: Fraction | None
    high: Fraction | None
    excluded: frozenset[Fraction]

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "_Limits":
        lows = [_fraction(schema.get(name)) for name in ("minimum", "exclusiveMinimum")]
        highs = [_fraction(schema.get(name)) for name in ("maximum", "exclusiveMaximum")]
        return cls(
            low=max((low for low in lows if low is not None), default=None),
            high=min((high for high in highs if high is not None), default=None),
            excluded=frozenset(bound for bound in (lows[1], highs[1]) if bound is not None),
        )

    def window(self, width: int) -> tuple[Fraction, Fraction]:
        """Give the range allowed, made `width` wide where it is open."""
        if self.low is not None:
            return self.low, self.low + width if self.high is None else self.high
        return (Fraction(1), Fraction(width)) if self.high is None else (self.high - width, self.high)

    def multiples(self, window: tuple[Fraction, Fraction], step: Fraction) -> range:
        """Give the factors of `step` whose multiples are in the window and within the limits."""
        low, high = window
        low = low if self.low is None else max(low, self.low)
        high = high if self.high is None else min(high, self.high)
        first, last = math.ceil(low / step), math.floor(high / step)
        first += first * step in self.excluded
        last -= last * step in self.excluded
        return range(first, min(last, first + MAX_MULTIPLES) + 1)


def _fraction(bound: object) -> Fraction | None:
    is_number = isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound)
    return Fraction(str(bound)) if is_number else None


def _step(schema: Mapping[str, Any], *, is_integer: bool) -> Fraction:
    given = _fraction(schema.get("multipleOf"))
    step = given or Fraction("1" if is_integer else "0.01")
    return Fraction(step.numerator) if is_integer else step
