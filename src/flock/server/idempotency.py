"""The `Idempotency-Key` header: what was done once is answered again, not done again."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flock.server.guards import refuse, with_body
from flock.server.holder import holder_of
from flock.server.refusals import KeyReuseError, MalformedError

KEY_TTL_S = 3600.0
MAX_KEYS = 1024
MAX_KEPT_BYTES = 32 * 2**20
"""Answers kept for keys that come back; a larger one is not kept."""

MAX_KEY_CHARS = 255

PASSING = frozenset({429, 503})
"""Statuses of refusals that pass: nothing was done, so the same request may be tried again."""

RUN_ID_HEADER = "flock-run-id"
"""Names the run of a response that streams it."""

REPEATED_RUN = "flock.repeated_run"
"""Key in a scope's state: the run whose stream is shown again, up to its final event."""


@dataclass(slots=True)
class Answer:
    """A response to give again: its start and body, or the run whose stream it was."""

    start: Message
    body: bytes = b""
    run_id: str | None = None


@dataclass(slots=True)
class Entry:
    """A key: the request it came with, and the answer once there is one."""

    fingerprint: bytes
    expires_at: float
    answer: Answer | None = None
    is_settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def size(self) -> int:
        """Bytes kept of the answer."""
        return len(self.answer.body) if self.answer is not None else 0


class IdempotencyKeys:
    """The keys of late: at most `max_keys` and `max_bytes` of answers, the least recently used go first."""

    def __init__(
        self,
        *,
        ttl_s: float = KEY_TTL_S,
        max_keys: int = MAX_KEYS,
        max_bytes: int = MAX_KEPT_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_s = ttl_s
        self._max_keys = max_keys
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes of the answers kept."""
        return self._size

    def find(self, key: Hashable) -> Entry | None:
        """Give the entry of a key, None where there is none or it has expired."""
        entry = self._entries.get(key)
        if entry is not None and entry.is_settled.is_set() and self._clock() >= entry.expires_at:
            self._drop(key)
            return None
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def begin(self, key: Hashable, fingerprint: bytes) -> Entry:
        """Take up a key whose request is being worked on."""
        entry = self._entries[key] = Entry(fingerprint, self._clock() + self._ttl_s)
        return entry

    def settle(self, key: Hashable, entry: Entry, answer: Answer | None) -> None:
        """Note the answer, None where the request may be tried again; wakes whoever waits for it."""
        if entry.is_settled.is_set():
            return
        entry.answer = answer
        entry.is_settled.set()
        if answer is None or entry.size > self._max_bytes:
            self._entries.pop(key, None)
            return
        self._size += entry.size
        for old in [key for key, entry in self._entries.items() if entry.is_settled.is_set()]:
            if len(self._entries) <= self._max_keys and self._size <= self._max_bytes:
                break
            self._drop(old)

    def _drop(self, key: Hashable) -> None:
        self._size -= self._entries.pop(key).size


class Idempotency:
    """Answers a POST whose key is known with the first answer; one still being worked on is waited for.

    A key belongs to whoever sent it: the same key from the holder of another token is another key.

    A response that streams a run is answered again as the stream of that run, from its beginning to its end.
    """

    def __init__(self, app: ASGIApp, *, keys: IdempotencyKeys, events_path: str, exempt: Iterable[str] = ()) -> None:
        self._app = app
        self._keys = keys
        self._events_path = events_path
        self._exempt = frozenset(exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        key = Headers(scope=scope).get("idempotency-key") if is_post else None
        if key is None or scope["path"] in self._exempt:
            await self._app(scope, receive, send)
        elif not (0 < len(key) <= MAX_KEY_CHARS and key.isascii() and key.isprintable()):
            error = MalformedError(f"An Idempotency-Key has 1 to {MAX_KEY_CHARS} printable ASCII characters.")
            await refuse(error, scope, receive, send)
        else:
            body = await _whole_body(receive)
            if body is not None:
                await self._once((holder_of(scope), key), body, scope, with_body(body, receive), send)

    async def _once(self, key: Hashable, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        fingerprint = _fingerprint(scope, body)
        while (entry := self._keys.find(key)) is not None:
            if entry.fingerprint != fingerprint:
                error = KeyReuseError(
                    "This Idempotency-Key was used with another request.", hint="Draw a new key for each request."
                )
                await refuse(error, scope, receive, send)
                return
            await entry.is_settled.wait()
            if entry.answer is not None:
                await self._repeat(entry.answer, scope, receive, send)
                return
        await self._first(key, self._keys.begin(key, fingerprint), scope, receive, send)

    async def _first(self, key: Hashable, entry: Entry, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Answer | None = None

        async def recording_send(message: Message) -> None:
            nonlocal answer
            if message["type"] == "http.response.start":
                run_id = Headers(raw=message["headers"]).get(RUN_ID_HEADER)
                answer = Answer({**message}, run_id=run_id)
                if run_id is not None:
                    self._keys.settle(key, entry, answer)
            elif answer is not None and answer.run_id is None:
                answer.body += message.get("body", b"")
            await send(message)

        try:
            await self._app(scope, receive, recording_send)
            if answer is not None and answer.start["status"] not in PASSING:
                self._keys.settle(key, entry, answer)
        finally:
            self._keys.settle(key, entry, None)

    async def _repeat(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"idempotent-replayed", b"true")]}
            await send(message)

        if answer.run_id is None:
            await noting_send(answer.start)
            await send({"type": "http.response.body", "body": answer.body})
        else:
            path, query = self._events_path, f"run_id={quote(answer.run_id)}"
            get = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode()}
            get["state"] = {**scope.get("state", {}), REPEATED_RUN: answer.run_id}
            await self._app(get, receive, noting_send)


async def _whole_body(receive: Receive) -> bytes | None:
    """Give the body, None if the client left meanwhile."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    head = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"]
    return hashlib.sha256(head + b"\n" + body).digest()
