"""`flk serve`: an app's flock behind REST, WebSocket and SSE."""

import sys

import typer

from flock.orchestrator import Flock


async def serve_app(
    flock: Flock, *, dashboard: bool, host: str, port: int, token: str | None, insecure_no_auth: bool
) -> None:
    """Serve until SIGINT or SIGTERM."""
    async with flock.serving(
        dashboard=dashboard, host=host, port=port, token=token, insecure_no_auth=insecure_no_auth
    ) as server:
        typer.echo(f"Serving {len(flock.agents)} agents on {server.url}, API documentation at {server.url}/docs")
        if dashboard:
            typer.echo(f"Open this once:  {server.browser_url()}")
        if server.settings.token is None and server.token is not None:
            typer.echo(f"Token of this process:  {server.token}")
        sys.stdout.flush()
        await server.wait_stopped()
    await flock.shutdown(grace_s=0)
