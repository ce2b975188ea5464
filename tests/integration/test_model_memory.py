"""What a model server can make flock hold in memory, measured in a process of its own."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.hungry import WARM_UP, Cost
from tests.servers.fault import Fault, said
from tests.servers.faults import FAULTS
from tests.servers.process import ROOT, OpenAIServer, run_openai_server
from tests.servers.script import Script

MOST_BYTES = 32 * 2**20
MEASURED = ("gzip bomb", "64 MiB line", "1 MiB delta")
"""The items of the list that are about size."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures as Linux does")


FAULTS_MEASURED = [fault for fault in FAULTS if fault.item in MEASURED]


async def costs(models: OpenAIServer, faults: Sequence[Fault]) -> dict[str, Cost]:
    """Give what each fault costs."""
    await models.script(Script(model=WARM_UP, steps=[said()]))
    for fault in faults:
        await models.script(*fault.scripts_for(fault.name))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.hungry", models.base_url, *(fault.name for fault in faults)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    found: dict[str, list[Any]] = json.loads(output)
    assert found.keys() == {fault.name for fault in faults}
    return {name: Cost(*cost) for name, cost in found.items()}


def check_cost(fault: Fault, cost: Cost) -> None:
    """Insist that a run cost little, and ended as its fault says: what ends in another way is not measured."""
    assert (cost.status, cost.code) == (fault.status, fault.code), f"{fault.name} ended as {cost}"
    assert cost.peak <= MOST_BYTES, f"{fault.name} cost {cost.peak:,} bytes"


@pytest.mark.default(9)
async def test_bombs_and_endless_lines_cost_little_memory() -> None:
    with run_openai_server() as models:
        found = await costs(models, FAULTS_MEASURED)
    for fault in FAULTS_MEASURED:
        print(f"figure: {fault.name} costs {found[fault.name].peak / 2**20:.1f} MiB")
        check_cost(fault, found[fault.name])
    assert found["large-delta"].peak > 2**20, "a delta of 1 MiB that costs less was not measured"


def test_the_check_of_a_cost_finds_too_much_and_another_end() -> None:
    fault = FAULTS_MEASURED[0]
    right = Cost(MOST_BYTES, fault.status, fault.code)
    check_cost(fault, right)
    for planted in (
        right._replace(peak=MOST_BYTES + 1),
        right._replace(code="FLK-INTERNAL"),
        right._replace(status="timed_out"),
    ):
        with pytest.raises(AssertionError, match=fault.name):
            check_cost(fault, planted)
