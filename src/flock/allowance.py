"""How many tokens the runs of one correlation may write; the writers count on it, one token at a time."""

from collections.abc import Mapping
from math import inf
from typing import Any

from flock.errors import TokenBudgetError

CHARS_PER_TOKEN = 16
"""A piece of model output is one token, and a longer one a token for each so many characters it begins: few tokens
are longer, and a text that comes whole must not count as one."""


def count_tokens(text: str) -> int:
    """Give how many tokens a piece of model output counts as."""
    return (len(text) + CHARS_PER_TOKEN - 1) // CHARS_PER_TOKEN


def reported_tokens(usage: Mapping[str, Any]) -> int | None:
    """Give how many tokens a model wrote as its provider reports it, None where it does not."""
    match usage:
        case {"completion_tokens": int(tokens)} | {"output_tokens": int(tokens)}:
            return tokens
        case _:
            return None


class Allowance:
    """What the runs of one correlation wrote together, and how much that may be. Once it is passed it stays so."""

    __slots__ = ("_whose", "max_tokens", "tokens")

    def __init__(self, whose: str = "", *, max_tokens: int | None = None) -> None:
        self._whose = whose
        self.max_tokens: float = inf if max_tokens is None else max_tokens
        self.tokens = 0

    @property
    def error(self) -> TokenBudgetError | None:
        """What is said to a run when the allowance is passed, None while it is not."""
        return self.make_error() if self.tokens > self.max_tokens else None

    def spend(self, tokens: int) -> None:
        """Count tokens; raises `TokenBudgetError` where the allowance is passed, by these or before."""
        self.tokens += tokens
        if self.tokens > self.max_tokens:
            raise self.make_error()

    def make_error(self) -> TokenBudgetError:
        """Make the error for a run whose tokens passed the allowance."""
        return TokenBudgetError(
            f"The runs of correlation {self._whose} wrote {self.tokens:,} tokens, more than {self.max_tokens:,}.",
            hint="If so many are meant, raise Limits.max_tokens_per_correlation.",
        )
