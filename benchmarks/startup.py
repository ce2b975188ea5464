"""What it costs to start: imports, the command, and a server until it accepts work."""

import asyncio
import os
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from benchmarks.children import BenchmarkError
from benchmarks.contest import Note
from benchmarks.findings import Finding

START_COST_ROUNDS = 11
"""At the least: a round takes a second or two, and starts are noisy."""

START_S = 60.0
"""When waiting for a server makes no sense any more."""

LOOK_AGAIN_S = 0.02

FLK = str(Path(sys.executable).with_name("flk"))
COMMANDS = {
    **{
        statement: (sys.executable, "-c", statement)
        for statement in ("import flock", "from flock import Flock, flock_type", "import pydantic")
    },
    "flk --version": (FLK, "--version"),
    "python -c pass": (sys.executable, "-c", "pass"),
}


def cpu_ms(command: Sequence[str]) -> float:
    """Run a command; gives the CPU time of the whole process. Raises `BenchmarkError` where it fails."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchmarkError(f"{' '.join(command)} ended with {process.returncode}.")
    return (usage.ru_utime + usage.ru_stime) * 1e3


async def start_up_cost(rounds: int, model_port: int, note: Note) -> list[Finding]:
    """Compare the CPU time of imports and commands; a first round fills the disk's cache."""
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(max(rounds, START_COST_ROUNDS) + 1):
        costs = {name: await asyncio.to_thread(cpu_ms, command) for name, command in COMMANDS.items()}
        note(f"round {number}: " + ", ".join(f"{name} {cost:.0f} ms" for name, cost in costs.items()))
        if number:
            for name, cost in costs.items():
                spent[name].append(cost)
    pairs: tuple[tuple[str, str, float | None, float | None], ...] = (
        ("import flock", "import pydantic", 1.3, 1.6),
        ("from flock import Flock, flock_type", "import pydantic", None, None),
        ("flk --version", "python -c pass", 2, 3),
    )
    return [
        Finding(f"`{ours}` / `{other}`, CPU of the whole process", _ratio(spent[ours], spent[other]), goal, bound)
        for ours, other, goal, bound in pairs
    ]


async def start_up_time(rounds: int, model_port: int, note: Note) -> list[Finding]:
    """Time `flk serve` of the demo app."""
    listening: list[float] = []
    ready: list[float] = []
    for number in range(rounds + 1):
        listening_s, ready_s = await _serve()
        note(f"round {number}: listening after {listening_s:.2f} s, ready after {ready_s:.2f} s")
        if number:
            listening.append(listening_s)
            ready.append(ready_s)
    what = "`flk serve` of the demo app"
    return [
        Finding(f"{what}: listening after", median(listening), 1.5, 3, "s"),
        Finding(f"{what}: `/ready` after", median(ready), 1.5, 3, "s"),
    ]


async def _serve() -> tuple[float, float]:
    """Serve once; gives the seconds until it listens, and until it is ready."""
    command = (FLK, "serve", "flock.cli.demo_app:flock", "--port", "0", "--insecure-no-auth")
    began_s = time.monotonic()
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
    try:
        async with asyncio.timeout(START_S):
            assert process.stdout is not None
            line = await process.stdout.readline()
            listening_s = time.monotonic() - began_s
            port = urlsplit(next(word for word in line.decode().split() if "://" in word).strip(",")).port
            await _until_ready(port)
            return listening_s, time.monotonic() - began_s
    except TimeoutError:
        raise BenchmarkError(f"`flk serve` was not ready within {START_S:g} s.") from None
    finally:
        process.terminate()
        await process.wait()


async def _until_ready(port: int | None) -> None:
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /ready HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        if answer.startswith(b"HTTP/1.1 200"):
            return
        await asyncio.sleep(LOOK_AGAIN_S)


def _ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    return median(one / other for one, other in zip(ours, others, strict=True))
