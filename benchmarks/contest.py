"""One row of the table: the contestants, each in processes of their own, take turns round by round."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.cells import Cell, Contestant
from benchmarks.children import BenchmarkError, Child, Facts, child
from benchmarks.model_server import answer_path
from benchmarks.product import field_names

FRAME_MS = 33
"""How many milliseconds of events the relay sends in one frame: what the product does by default."""

DELIVERY_S = 30.0
"""How long the last tokens may be on their way to the viewers when all streams have ended."""

Note = Callable[[str], None]
"""Is told what was just measured."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one contestant needed in one round, or the medians of several; None for what was not measured."""

    cpu_us: float
    """CPU time of the serving process per token."""
    tokens_per_s: float
    lag_p50_ms: float | None = None
    lag_p99_ms: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    wire_bytes: float | None = None
    """Per token and viewer."""


@dataclass(frozen=True)
class Row:
    """What was measured of a row, round by round: those of one round stood side by side."""

    cell: Cell
    rounds: Mapping[Contestant, Sequence[Figures]]

    def median(self, contestant: Contestant) -> Figures:
        """Give a contestant's medians, each figure by itself."""
        rounds = [asdict(figures) for figures in self.rounds[contestant]]
        columns = {name: [figures[name] for figures in rounds] for name in rounds[0]}
        medians: dict[str, Any] = {name: None if None in one else median(one) for name, one in columns.items()}
        return Figures(**medians)

    def ratio(self, contestant: Contestant, other: Contestant = "relay") -> float:
        """Give the median over the rounds of one's CPU time per token against the other's."""
        pairs = zip(self.rounds[contestant], self.rounds[other], strict=True)
        return median(one.cpu_us / another.cpu_us for one, another in pairs)


class Corner:
    """A contestant's processes: what serves, and where there are any its viewers."""

    def __init__(
        self,
        cell: Cell,
        contestant: Contestant,
        serving: Child,
        stack: AsyncExitStack,
        *,
        delivery_s: float = DELIVERY_S,
    ) -> None:
        self.cell = cell
        self.contestant = contestant
        self.serving = serving
        self.viewers: Child | None = None
        self._stack = stack
        self._delivery_s = delivery_s

    async def open(self) -> None:
        """Return when it serves, and everybody watches."""
        port = (await self.serving.hear()).get("port")
        if port is not None and self.cell.viewers:
            watching = child("benchmarks.viewers", port, self.contestant, self.cell.viewers, self.cell.stalled)
            self.viewers = await self._stack.enter_async_context(watching)
            await self.viewers.hear()

    async def round(self) -> tuple[Figures, Facts]:
        """Stream once; gives the figures and what the start told. Raises `BenchmarkError` where anything is lost."""
        await self.begin()
        return await self.end()

    async def begin(self) -> None:
        """Set all streams off."""
        if self.viewers is not None:
            await self.viewers.ask("begin", self.cell.streams, self.cell.tokens)
        self.serving.say("go", *(["lag"] if self.cell.has_lag else []))

    async def end(self) -> tuple[Figures, Facts]:
        """Return what `round` does when everything has arrived."""
        cell, viewers = self.cell, self.viewers
        start = await self.serving.hear()
        if viewers is not None:
            await self._all_delivered(viewers)
        cost = await self.serving.ask("stop")
        report = cost if viewers is None else await viewers.ask("report")
        if flaws := report.get("flaws"):
            raise BenchmarkError(f"{self.serving.name}, {cell.name}: {flaws[0]}")
        if start.get("completed") != cell.streams:
            raise BenchmarkError(f"{self.serving.name}, {cell.name}: not every run completed: {start}")
        wire = report.get("bytes")
        return Figures(
            cpu_us=cost["cpu_s"] / cell.total * 1e6,
            tokens_per_s=cell.total / cost["wall_s"],
            lag_p50_ms=cost.get("lag_p50_ms"),
            lag_p99_ms=cost.get("lag_p99_ms"),
            latency_p50_ms=report.get("latency_p50_ms"),
            latency_p99_ms=report.get("latency_p99_ms"),
            wire_bytes=None if wire is None else wire / cell.total,
        ), start

    async def _all_delivered(self, viewers: Child) -> None:
        try:
            await viewers.hear(self._delivery_s)
        except BenchmarkError as error:
            report = await viewers.ask("report")
            raise BenchmarkError(f"{self.serving.name}, {self.cell.name}: {report['flaws'][:1] or error}") from error


@asynccontextmanager
async def corner(
    cell: Cell, contestant: Contestant, model_port: int, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Corner]:
    """Start what serves for a contestant, with this in its environment; it loads while others start."""
    path = answer_path(cell.adapter, field_names(cell.fields), cell.tokens, cell.tokens_per_s)
    url = f"http://127.0.0.1:{model_port}{path}"
    module: str
    words: tuple[object, ...]
    match contestant:
        case "relay":
            module, words = "relay", (model_port, path, cell.streams, FRAME_MS)
        case "streamify" | "litellm":
            module, words = "rivals", (contestant, url, cell.streams, cell.tokens)
        case "full" | "compact" | "sse":
            mode = () if cell.viewers else ("--dashboard",)  # behind an API, what nobody watches does not stream
            module, words = "product", (url, cell.agents, cell.runs_per_agent, cell.adapter, cell.fields, *mode)
    serves = child(f"benchmarks.{module}", *words, name=contestant, environment=environment)
    async with serves as serving, AsyncExitStack() as stack:
        yield Corner(cell, contestant, serving, stack)


async def contest(cell: Cell, rounds: int, model_port: int, note: Note) -> Row:
    """Let the contestants of a row take turns. A warm-up round of each does not count."""
    measured: dict[Contestant, list[Figures]] = {contestant: [] for contestant in cell.contestants}
    async with AsyncExitStack() as stack:
        corners = [await stack.enter_async_context(corner(cell, one, model_port)) for one in cell.contestants]
        for one in corners:
            await one.open()
        for number in range(rounds + 1):
            for one in corners:
                figures, _ = await one.round()
                if number:
                    measured[one.contestant].append(figures)
                label = f"round {number} of {rounds}" if number else "warm-up"
                note(f"{label}, {one.contestant}: {figures.cpu_us:.1f} µs/token")
    return Row(cell, measured)
