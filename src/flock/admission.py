"""May this run stream? One pure function, and the table of modes it reads."""

from dataclasses import dataclass
from typing import NamedTuple

from flock.events import Admission, RuntimeMode, StreamPriority

PRIORITIES: dict[StreamPriority, int] = {"high": 0, "normal": 1, "low": 2}
"""Order in which waiting runs start and queued outputs are shown."""

NO_OUTPUT_REASON = "the engine has no_output=True"
"""Reason of the decision by which a terminal shows nothing of a run but its failure."""


class Mode(NamedTuple):
    """One runtime mode: whether streams run side by side, need somebody who watches, heed what a request asks.

    `has_terminal` is whether the terminal is a sink of this mode by default.
    """

    parallel: bool
    needs_viewer: bool
    heeds_request: bool = False
    has_terminal: bool = False


MODES: dict[RuntimeMode, Mode] = {
    "cli": Mode(parallel=False, needs_viewer=True, has_terminal=True),
    "dashboard": Mode(parallel=True, needs_viewer=False),
    "api": Mode(parallel=True, needs_viewer=True, heeds_request=True),
}


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What an engine says about streaming."""

    stream: bool = True
    parallel_streaming: bool = True
    no_output: bool = False
    stream_priority: StreamPriority = "normal"


@dataclass(frozen=True, slots=True)
class Attached:
    """What can show live output: how many viewers, and whether the terminal shows all streams at once."""

    viewers: int = 0
    parallel_view: bool = False


class Decision(NamedTuple):
    """Whether a run streams to viewers, and why."""

    admission: Admission
    reason: str


def decide(
    mode: RuntimeMode, settings: StreamSettings, attached: Attached, active: int, *, requested: bool | None = None
) -> Decision:
    """Decide whether a run streams, given how many streams are active and what its request asked (None: nothing).

    Pure: the same answer for the same question, whatever runs.
    """
    traits = MODES[mode]
    refusal = _refusal(mode, settings, attached, requested=requested if traits.heeds_request else None)
    if refusal is not None:
        return Decision("off", refusal)
    if active == 0:
        return Decision("stream", "no other stream is active")
    if not (traits.parallel or attached.parallel_view):
        return Decision("queued", f"{mode} mode shows one live stream at a time")
    if not settings.parallel_streaming:
        return Decision("queued", "the engine has parallel_streaming=False and another stream is active")
    return Decision("stream", f"{mode} mode streams in parallel" if traits.parallel else "the view is parallel")


def _refusal(mode: RuntimeMode, settings: StreamSettings, attached: Attached, *, requested: bool | None) -> str | None:
    if not settings.stream:
        return "the engine has stream=False"
    if settings.no_output and MODES[mode].has_terminal:
        return NO_OUTPUT_REASON
    if requested is False:
        return "the request did not ask for a stream"
    if MODES[mode].needs_viewer and not attached.viewers and not requested:
        return "no viewer is attached"
    return None
