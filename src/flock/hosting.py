"""Serving a flock: one server at a time, and the mode that goes with it."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from flock.errors import ServingError
from flock.events import RuntimeMode
from flock.redaction import Redactor
from flock.roster import Roster
from flock.scheduler import Scheduler
from flock.tokens import Token

if TYPE_CHECKING:
    from flock.server.backend import Backend
    from flock.server.serving import Server

logger = logging.getLogger(__name__)


class Access(TypedDict, total=False):
    """Who may come in.

    `token` may do and see everything; it wins over the flock's own and `FLOCK_TOKEN`, and without any a random one is
    drawn. `tokens` are further ones beside the flock's own, each with its scopes, tenant and labels.
    `insecure_no_auth` lets everybody in. `allowed_hosts` are further names for the `Host` header, `allowed_origins`
    further origins for browsers, where a proxy is between; see `ServerSettings`.
    """

    token: str | None
    tokens: Sequence[Token]
    insecure_no_auth: bool
    allowed_hosts: Sequence[str]
    allowed_origins: Sequence[str]


class Hosting:
    """Whether and how a flock is served."""

    def __init__(
        self,
        scheduler: Scheduler,
        roster: Roster,
        redactor: Redactor,
        token: str | None,
        tokens: Sequence[Token] = (),
    ) -> None:
        self.mode: RuntimeMode = "cli"
        self._scheduler = scheduler
        self._roster = roster
        self._redactor = redactor
        self._token = token
        self._tokens = tuple(tokens)
        self._server: Server | None = None

    @asynccontextmanager
    async def serving(
        self, backend: "Backend", *, dashboard: bool, host: str, port: int, access: Access
    ) -> AsyncIterator["Server"]:
        """Serve for as long as the block runs; raises `ServingError` where that is not possible."""
        from flock.server.serving import Server
        from flock.server.settings import ServerSettings

        if self._server is not None:
            raise ServingError(f"This flock is served already, on {self._server.url}.")
        settings = ServerSettings(
            host=host,
            port=port,
            dashboard=dashboard,
            token=access.get("token") or self._token or os.environ.get("FLOCK_TOKEN"),
            tokens=(*self._tokens, *access.get("tokens", ())),
            insecure_no_auth=access.get("insecure_no_auth", False),
            allowed_hosts=access.get("allowed_hosts", ()),
            allowed_origins=access.get("allowed_origins", ()),
        )
        server = Server(backend, settings, on_stop=partial(self._scheduler.shutdown, grace_s=settings.grace_s))
        mode_before, self.mode = self.mode, "dashboard" if dashboard else "api"
        self._server = server
        preparing: asyncio.Task[None] | None = None
        try:
            async with server:
                for secret in server.secrets:
                    self._redactor.add(secret)
                preparing = asyncio.create_task(self._prepare())
                try:
                    yield server
                finally:
                    preparing.cancel()  # and awaited later: a Ctrl-C that comes now is meant for the runs
        finally:
            self._server = None
            self.mode = mode_before
            self._scheduler.reopen()
            try:
                if preparing is not None:
                    await asyncio.wait([preparing])
            finally:
                gc.unfreeze()

    async def _prepare(self) -> None:
        """Load what the first runs need. They would do it themselves: a failure is theirs to tell."""
        try:
            await self._roster.prepare()
        except Exception as exc:  # noqa: BLE001 - see above
            logger.warning("The engines are not prepared: %s", exc)
        # What is loaded stays as long as one serves: to look at all of it again would hold every stream.
        gc.freeze()


def announce(server: "Server") -> None:
    """Log where to go and how to get in, for programs that have no command to print it."""
    logger.warning("Serving on %s", server.url)
    if server.settings.dashboard:
        logger.warning("Open this once: %s", server.browser_url())
    if server.settings.token is None and server.token is not None:
        logger.warning("Token of this process: %s", server.token)
