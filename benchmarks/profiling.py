"""Where the CPU time of a token goes: the row of 100 streams and 10 viewers under Linux's `perf`.

`python -m benchmarks.profiling`, in a checkout on Python 3.13 or newer, which tells `perf` its functions. It prints a
table: the time of the serving process by what it was spent on, in microseconds per token; the one of a function counts
for the part of flock that called it last. Samples of the first moments, while `perf` attaches, are missing.
"""

import asyncio
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cells import MAIN, Cell
from benchmarks.children import BenchmarkError, child
from benchmarks.contest import corner

SAMPLES_PER_S = 2500
STACK_BYTES = 8192

FUNCTION = re.compile(r"py::(?P<name>.+?):(?P<file>/\S+)\+0x")
PERIOD = re.compile(r"(?P<ns>\d+) cpu-clock")

READING, WRITING = "kernel: waiting and reading", "kernel: writing to viewers"
FRAMES = "frames: merging, encoding, viewers"
RUNS, LOOP = "runs: scheduling, prompt, result", "event loop and everything else"

PARTS = (
    ("HTTP: connections, chunks", r"/engines/(http_|openai_stream)"),
    ("events and chunks of the model", r"/engines/(openai_|sse|envelope)"),
    ("deadlines", r"/engines/deadlines"),
    ("field parser", r"/engines/(\w+_fields|\w+_section|field_\w+|json_\w+|trimmer|stray_text)"),
    ("writer and journal", r"/src/flock/(writer|journal|growing_text|allowance|pulse|transcript|text)\.py"),
    (FRAMES, r"/src/flock/((merge|frames?|followers|reader|events)\.py|server/)"),
)
"""What a token passes, by the files of flock."""


def part_of(functions: Sequence[tuple[str, str]], *, is_kernel: bool) -> str:
    """Say what a sample was spent on; functions come as name and file, the innermost first."""
    names = {name for name, _ in functions}
    if is_kernel:
        return WRITING if names & {"SocketConnection.put", "SocketConnection.flush"} else READING
    if any(name.startswith("Scheduler.") for name in names):
        return RUNS
    file = next((file for _, file in functions if "/src/flock/" in file), "")
    return next((part for part, pattern in PARTS if re.search(pattern, file)), LOOP)


def samples(script: Iterable[str]) -> Iterator[tuple[float, str]]:
    """Read what `perf script` prints: microseconds, and what they were spent on."""
    us, stack = 0.0, list[str]()
    for line in script:
        if line.startswith(("\t", " ")):
            stack.append(line.strip())
        elif head := PERIOD.search(line):
            us, stack = int(head["ns"]) / 1e3, []
        elif not line.strip() and stack:
            functions = [(found["name"], found["file"]) for frame in stack if (found := FUNCTION.search(frame))]
            yield us, part_of(functions, is_kernel=stack[0].startswith("ffffffff"))
            stack = []


async def perf(*words: object) -> bytes:
    """Run `perf`, and give what it prints; raises `BenchmarkError`."""
    process = await asyncio.create_subprocess_exec("perf", *map(str, words), stdout=PIPE, stderr=PIPE)
    out, errors = await process.communicate()
    if process.returncode:
        raise BenchmarkError(f"perf {words[0]}: {errors.decode(errors='replace').strip()[-300:]}")
    return out


@asynccontextmanager
async def recorded(pid: int, file: Path) -> AsyncIterator[None]:
    """Record a process for as long as the block runs."""
    words = ("record", "-k", "1", "-F", SAMPLES_PER_S, "-e", "cpu-clock", "--call-graph", f"dwarf,{STACK_BYTES}")
    recorder = await asyncio.create_subprocess_exec(
        "perf", *map(str, words), "-p", str(pid), "-o", str(file), stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield
    finally:
        recorder.send_signal(signal.SIGINT)
        await recorder.wait()


async def profile(cell: Cell, folder: Path) -> dict[str, float]:
    """Stream one round after a warm-up; gives microseconds per token by part."""
    raw, resolved = folder / "raw", folder / "resolved"
    async with child("benchmarks.model_server") as model:
        port = (await model.hear())["port"]
        async with corner(cell, "full", port, environment={"PYTHON_PERF_JIT_SUPPORT": "1"}) as one:
            await one.open()
            await one.round()
            async with recorded(one.serving.pid, raw):
                await one.round()
    await perf("inject", "--jit", "-i", raw, "-o", resolved)
    spent: dict[str, float] = {}
    for us, part in samples((await perf("script", "-i", resolved)).decode(errors="replace").splitlines()):
        spent[part] = spent.get(part, 0.0) + us / cell.total
    return spent


def main() -> str | None:
    """Print the table; gives what is wrong."""
    if sys.version_info < (3, 13) or shutil.which("perf") is None:
        return "This needs Python 3.13 or newer, and Linux's perf."
    with TemporaryDirectory() as folder:
        try:
            spent = asyncio.run(profile(MAIN, Path(folder)))
        except BenchmarkError as error:
            return str(error)
    print(f"| {MAIN.name} | µs per token | |\n| --- | ---: | ---: |")
    total = sum(spent.values())
    for part, us in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"| {part} | {us:.1f} | {us / total:.0%} |")
    print(f"| all | {total:.1f} | |")
    return None


if __name__ == "__main__":
    sys.exit(main())
