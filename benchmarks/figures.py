"""Statistics of the benchmark: medians of interleaved rounds, and nothing cleverer."""

import math
from collections.abc import Sequence


def quantile(ascending: Sequence[float], share: float) -> float:
    """Give the smallest value that this share of the sorted values does not pass; raises `ValueError` for none."""
    if not ascending:
        raise ValueError("There is no quantile of nothing.")
    return ascending[max(math.ceil(share * len(ascending)) - 1, 0)]
