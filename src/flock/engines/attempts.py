"""When a failed model call is made again, and after how long. flock decides it; nothing below retries."""

import random
from dataclasses import dataclass

from flock.errors import ModelError

RETRY_AFTER_CAP_S = 30.0
"""A longer `Retry-After` is not obeyed to the end."""

BASE_DELAY_S = 0.5


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `max_retries` further calls, for errors that say they are retryable."""

    max_retries: int = 2

    def delay_s(self, error: ModelError, retries: int) -> float | None:
        """Give how long to wait before the next call after `retries` retries, None for no further call."""
        if not error.retryable or retries >= self.max_retries:
            return None
        if error.retry_after_s is not None:
            return min(max(error.retry_after_s, 0.0), RETRY_AFTER_CAP_S)
        return BASE_DELAY_S * 2.0**retries * random.uniform(0.75, 1.25)
