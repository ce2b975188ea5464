"""How the demo model fails, when it is told to: which way, how often, and which of its calls."""

import asyncio
import random
from dataclasses import dataclass
from typing import Literal, get_args

from flock.engines.demo_name import DemoName
from flock.engines.model import FinishReason
from flock.errors import ConfigurationError, ModelError, TransportError, TruncatedError, UnknownNameError

FailureKind = Literal[
    "connect",  # no connection: nothing is said
    "rate_limit",  # refused with status 429 and a time to wait: nothing is said
    "slow_start",  # the first token is late by `delay_s`, then all is well
    "truncate",  # the connection breaks in the middle
    "length",  # stops in the middle, for its length
    "filter",  # stops in the middle, for its content
    "hang",  # falls silent in the middle and stays there
    "format",  # answers in plain prose, without the fields
    "invalid",  # one typed field has a value that its type does not allow
]
KINDS: dict[str, FailureKind] = {kind: kind for kind in get_args(FailureKind)}


@dataclass(frozen=True, slots=True)
class DemoFailure:
    """One way to fail. The first `times` calls fail (None: all), each with the probability `rate`."""

    kind: FailureKind
    times: int | None = None
    rate: float = 1.0
    retry_after_s: float = 1.0
    delay_s: float = 10.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise _unknown(self.kind)
        if self.times is not None and self.times < 1:
            raise ConfigurationError(f"fail_times is {self.times!r}, but counts calls.", hint="Give 1 or more.")
        if not 0 <= self.rate <= 1:
            raise ConfigurationError(f"fail_rate is {self.rate!r}, but is a probability.", hint="Give 0 to 1.")
        for name, seconds in (("fail_retry_after_s", self.retry_after_s), ("fail_delay_s", self.delay_s)):
            if not 0 <= seconds < float("inf"):
                raise ConfigurationError(f"{name} is {seconds!r}, but is a time in seconds.", hint="Give 0 or more.")

    @classmethod
    def from_name(cls, name: DemoName) -> "DemoFailure | None":
        """Take the failure that a model's name asks for, if it does."""
        kind = name.text("fail")
        if kind is None:
            return None
        if kind not in KINDS:
            raise _unknown(kind)
        return cls(
            KINDS[kind],
            times=name.whole("fail_times", None),
            rate=name.number("fail_rate", 1.0),
            retry_after_s=name.number("fail_retry_after_s", 1.0),
            delay_s=name.number("fail_delay_s", 10.0),
        )

    def strikes(self, call_number: int, seed: int) -> bool:
        """Tell whether the call of that number (from 0) fails."""
        is_due = self.times is None or call_number < self.times
        return is_due and random.Random(f"{seed}:{call_number}").random() < self.rate

    def refuse(self) -> None:
        """Raise the error of a call that is refused before anything is said, if this is one."""
        match self.kind:
            case "connect":
                raise TransportError("The demo model was told to fail: no connection.", retryable=True)
            case "rate_limit":
                raise ModelError(
                    "The demo model was told to fail: too many requests.",
                    status=429,
                    retryable=True,
                    retry_after_s=self.retry_after_s,
                )

    async def end(self) -> FinishReason:
        """End the answer as this failure ends it: with its finish reason, an error, or never."""
        match self.kind:
            case "truncate":
                raise TruncatedError("The demo model was told to fail: the answer broke off.", retryable=True)
            case "hang":
                await asyncio.Event().wait()
            case "length":
                return "length"
            case "filter":
                return "content_filter"
        return "stop"

    @property
    def cuts_the_answer(self) -> bool:
        """Whether the answer stops in the middle."""
        return self.kind in ("truncate", "length", "filter", "hang")


def _unknown(kind: str) -> ConfigurationError:
    hint = UnknownNameError.of("failure", kind, KINDS).hint
    return ConfigurationError(f"The demo model cannot fail by {kind!r}.", hint=hint)
