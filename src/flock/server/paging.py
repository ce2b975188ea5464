"""Pages of lists: query parameters, and cursors into the list of runs."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator

from flock.board.base import Order
from flock.errors import CursorError
from flock.runs import RunRecord


def _blank_as_none(value: Any) -> Any:  # noqa: ANN401 - whatever the query holds
    return None if value == "" else value


Blank = BeforeValidator(_blank_as_none)
"""An empty value of a query parameter counts as not given."""

Limit = Annotated[int, Query(ge=1, le=1000, description="How many items a page holds at the most")]
PageCursor = Annotated[str | None, Blank, Query(description="`next` of the page before")]
ReplayLimit = Annotated[int, Query(ge=1, le=10_000, description="How many events a page holds at the most")]
ReplayCursor = Annotated[str | None, Blank, Query(description="`next` or `cursor` of the page before")]
InOrder = Annotated[Order, Query(description="What the list begins with; the same on every page")]
Values = Annotated[list[str], Query(default_factory=list, description="May be repeated: any of them")]


def chosen(values: Iterable[str]) -> frozenset[str]:
    """Give the alternatives of a key; empty ones count as not given."""
    return frozenset(filter(None, values))


def page_of_runs(
    runs: Sequence[RunRecord], *, limit: int, cursor: str | None, order: Order = "oldest"
) -> tuple[Sequence[RunRecord], str | None]:
    """Give a page, and the next one's cursor; raises `CursorError`."""
    is_newest_first = order == "newest"
    ordered = sorted(runs, key=_place, reverse=is_newest_first)
    if cursor is not None:
        last = _parse(cursor)
        ordered = [run for run in ordered if (_place(run) < last if is_newest_first else _place(run) > last)]
    page = ordered[:limit]
    return page, _cursor(page[-1]) if len(ordered) > limit else None


def _place(run: RunRecord) -> tuple[int, str]:
    return int(run.created_at.timestamp() * 1_000_000), run.run_id


def _cursor(run: RunRecord) -> str:
    created, run_id = _place(run)
    return f"{created}-{run_id}"


def _parse(cursor: str) -> tuple[int, str]:
    created, dash, run_id = cursor.partition("-")
    if not (dash and run_id and created.isascii() and created.isdecimal() and len(created) <= 18):
        raise CursorError(
            f"{cursor[:64]!r} is not a cursor of this list.",
            hint="Send back `next` of the last page, or leave it out to start over.",
        )
    return int(created), run_id
