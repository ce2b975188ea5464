"""What a model server can make flock hold in memory, measured in a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.hungry import WARM_UP
from tests.servers.fault import said
from tests.servers.faults import FAULTS
from tests.servers.process import ROOT, OpenAIServer, run_openai_server
from tests.servers.script import Script

MOST_BYTES = 32 * 2**20
MEASURED = ("gzip bomb", "64 MiB line", "1 MiB delta")
"""The items of the list that are about size."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures as Linux does")


async def costs(models: OpenAIServer) -> dict[str, int]:
    """Give what each fault costs at its peak, in bytes."""
    await models.script(Script(model=WARM_UP, steps=[said()]))
    faults = [fault for fault in FAULTS if fault.item in MEASURED]
    for fault in faults:
        await models.script(*fault.scripts_for(fault.name))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.hungry", models.base_url, *(fault.name for fault in faults)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    found: dict[str, int] = json.loads(output)
    assert found.keys() == {fault.name for fault in faults}
    return found


@pytest.mark.default(9)
async def test_bombs_and_endless_lines_cost_little_memory() -> None:
    with run_openai_server() as models:
        found = await costs(models)
    for name, cost in found.items():
        print(f"figure: {name} costs {cost / 2**20:.1f} MiB")
        assert cost <= MOST_BYTES, f"{name} cost {cost:,} bytes"
    assert found["large-delta"] > 2**20, "a delta of 1 MiB that costs less was not measured"
