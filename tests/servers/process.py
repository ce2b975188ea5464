"""Start the scripted model server in a process of its own, and steer it from a test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from tests.servers.doors import DoorKind
from tests.servers.script import Script

ROOT = Path(__file__).parents[2]
WAIT_TIMEOUT_S = 20.0
"""How long a wait for the server's news may take before the test fails."""


class OpenAIServer:
    """A running scripted server: `base_url` for clients, methods for the test that scripts it."""

    def __init__(self, port: int, *, scheme: str = "http") -> None:
        self.port = port
        self.base_url = f"{scheme}://127.0.0.1:{port}/v1"
        self._control_url = f"{scheme}://127.0.0.1:{port}/control"

    async def script(self, *scripts: Script) -> None:
        """Add scripts; requests take them in order."""
        await self._post("script", [asdict(script) for script in scripts])

    async def release(self, gate: str) -> None:
        """Let everyone through a gate, now and later."""
        await self._post("release", {"gate": gate})

    async def door(self, kind: DoorKind) -> str:
        """Open a door of the server, see `doors.py`; gives the `base_url` that leads to it."""
        opened = await self._post("door", {"kind": kind})
        return f"http://127.0.0.1:{opened['port']}/v1"

    async def reset(self) -> None:
        """Forget scripts, gates and requests."""
        await self._post("reset", {})

    async def wait_at_gate(self, gate: str, *, count: int = 1) -> None:
        """Return when `count` requests wait at the gate."""
        await self._get("gate", {"name": gate, "count": str(count)})

    async def requests(self) -> list[dict[str, Any]]:
        """Give all requests so far, oldest first."""
        seen: list[dict[str, Any]] = await self._get("requests", {})
        return seen

    async def wait_for(self, state: str, *, count: int = 1) -> list[dict[str, Any]]:
        """Give all requests once `count` of them are in a state: answering, answered, closed_early or cut."""
        seen: list[dict[str, Any]] = await self._get("requests", {"wait": state, "count": str(count)})
        return seen

    async def _post(self, name: str, body: Any) -> Any:
        async with httpx.AsyncClient(timeout=WAIT_TIMEOUT_S, trust_env=False, verify=False) as client:
            response = await client.post(f"{self._control_url}/{name}", json=body)
            return response.raise_for_status().json()

    async def _get(self, name: str, query: dict[str, str]) -> Any:
        async with httpx.AsyncClient(timeout=WAIT_TIMEOUT_S, trust_env=False, verify=False) as client:
            response = await client.get(f"{self._control_url}/{name}", params=query)
            return response.raise_for_status().json()


@contextmanager
def run_openai_server(*, tls: Path | None = None) -> Iterator[OpenAIServer]:
    """Run a server process for the length of a `with`; it also ends when this process does."""
    command = [sys.executable, "-m", "tests.servers.openai_server", *(["--tls", str(tls)] if tls else [])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield OpenAIServer(int(process.stdout.readline()), scheme="https" if tls else "http")
        finally:
            process.terminate()
