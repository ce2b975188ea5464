"""The rows of the table: how many streams, at what pace, of what kind, and who watches."""

from dataclasses import dataclass
from typing import Literal

Adapter = Literal["chat", "json"]
Contestant = Literal["relay", "full", "compact", "sse", "streamify", "litellm"]

START_S = 6.0
"""What it takes to start the processes of a row, roughly."""

MIN_TOKENS_PER_S = 1000

FLAT_OUT_US = {"streamify": 200, "litellm": 1000}
"""CPU per token, roughly, of those who do not keep pace."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row. `tokens_per_s` is the pace of each stream, 0 for flat out; `stalled` of the viewers never read.

    Each agent has `runs_per_agent` of the streams, all at once.
    """

    streams: int
    viewers: int
    tokens_per_s: float = 50
    tokens: int = 250
    adapter: Adapter = "chat"
    fields: int = 1
    stalled: int = 0
    runs_per_agent: int = 1
    contestants: tuple[Contestant, ...] = ("relay", "full", "compact")

    @property
    def name(self) -> str:
        """Say which row this is."""
        streams = "1 stream" if self.streams == 1 else f"{self.streams} streams"
        pace = f"{self.tokens_per_s:g} tokens/s" if self.tokens_per_s else "flat out"
        fields = "" if self.fields == 1 else f", {self.fields} fields"
        viewers = "1 viewer" if self.viewers == 1 else f"{self.viewers} viewers"
        stalled = f", {self.stalled} of them stalled" if self.stalled else ""
        return f"{streams}, {pace}, {self.adapter}{fields}, {viewers}{stalled}"

    @property
    def agents(self) -> int:
        """How many agents the streams are of."""
        return self.streams // self.runs_per_agent

    @property
    def total(self) -> int:
        """How many tokens a round has."""
        return self.streams * self.tokens

    @property
    def has_lag(self) -> bool:
        """Whether the lag of the event loop is measured: for few tokens the clock would cost more than they do."""
        return not self.tokens_per_s or self.streams * self.tokens_per_s >= MIN_TOKENS_PER_S

    def duration_s(self, rounds: int) -> float:
        """Say how long it will take, roughly."""
        paced_s = self.tokens / self.tokens_per_s if self.tokens_per_s else 0.0
        one_s = sum(max(paced_s, self.total * FLAT_OUT_US.get(one, 30) / 1e6) + 0.5 for one in self.contestants)
        return START_S + (rounds + 1) * one_s


ALL: tuple[Contestant, ...] = ("relay", "full", "compact", "streamify", "litellm")
PAIR: tuple[Contestant, ...] = ("relay", "full")

MAIN = Cell(streams=100, viewers=10, contestants=("relay", "full", "compact", "sse", "streamify", "litellm"))
THREE_FIELDS = Cell(streams=100, viewers=10, fields=3)
JSON = Cell(streams=100, viewers=10, adapter="json")
CROWD = Cell(streams=100, viewers=100)
ONE_VIEWER = Cell(streams=100, viewers=1)
THOUSAND = Cell(streams=1000, viewers=2, tokens_per_s=20)

CELLS = (
    MAIN,
    THREE_FIELDS,
    JSON,
    Cell(streams=100, viewers=10, adapter="json", fields=3, contestants=PAIR),
    Cell(streams=100, viewers=10, stalled=5),
    Cell(streams=100, viewers=0, contestants=PAIR),
    ONE_VIEWER,
    CROWD,
    Cell(streams=1, viewers=10, contestants=ALL),
    Cell(streams=10, viewers=10, contestants=ALL),
    Cell(streams=500, viewers=10, tokens_per_s=20, tokens=100),
    THOUSAND,
    Cell(streams=1, viewers=10, tokens_per_s=0, tokens=5000, contestants=ALL),
    Cell(streams=10, viewers=10, tokens_per_s=0, tokens=1000, contestants=ALL),
    Cell(streams=100, viewers=10, tokens_per_s=0),
    Cell(streams=100, viewers=10, tokens_per_s=0, adapter="json"),
    Cell(streams=1000, viewers=2, tokens_per_s=0, tokens=100),  # all of it within the journal's reach
)
