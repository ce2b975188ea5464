"""The client of OpenAI-compatible chat-completions endpoints: requests, deadlines and connections.

What the bytes mean is decided elsewhere: `sse` (events), `openai_chunks` (answers), `openai_errors` (failures).
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import msgspec
from yarl import URL

from flock.engines.deadlines import Watchdog
from flock.engines.http_errors import HttpError
from flock.engines.http_exchange import Http, Request
from flock.engines.model import Completion, ModelCall, TokenSink
from flock.engines.openai_answer import Answer
from flock.engines.openai_chunks import ChunkDecoder
from flock.engines.proxies import proxy_for
from flock.engines.transport_errors import transport_error
from flock.errors import ConfigurationError, RunError
from flock.redaction import Redactor
from flock.text import clean

TAIL_TIMEOUT_S = 2.0
"""How long usage and `[DONE]` may take once the answer is whole."""

DRAIN_TIMEOUT_S = 0.2
"""How long the response may take to end after `[DONE]` for its connection to be kept."""


MAX_CONNECTIONS = 1000
"""How many connections one client has at the most, those that wait for their next request among them."""


class OpenAIStream:
    """Stream answers from one OpenAI-compatible endpoint; any number of calls at once, in any event loop.

    `base_url` ends where `/chat/completions` follows.  All times are in seconds.  `headers` are sent with every
    request and win over the ones that are sent anyway.  `max_response_bytes` bounds a response, whatever is in it.
    At most `max_connections` calls are made at once per event loop; the next one waits for a connection as long as it
    would wait for one to be made.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None,
        connect_timeout_s: float = 10.0,
        first_token_timeout_s: float = 60.0,
        progress_timeout_s: float = 30.0,
        total_timeout_s: float = 600.0,
        max_response_bytes: int = 64 * 2**20,
        max_connections: int = MAX_CONNECTIONS,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._url = _chat_url(base_url)
        self._subject = f"The model server at {self._url.host_port_subcomponent}"
        self._connect_timeout_s = connect_timeout_s
        self._first_token_timeout_s = first_token_timeout_s
        self._progress_timeout_s = progress_timeout_s
        self._total_timeout_s = total_timeout_s
        self._max_response_bytes = max_response_bytes
        self._headers = _request_headers(api_key, headers or {})
        self._redactor = Redactor(_secrets(api_key, [*(headers or {}).items(), *self._url.query.items()]))
        self._max_connections = max_connections
        self._direct: Http | None = None
        self._general: Http | None = None

    async def complete(self, call: ModelCall, sink: TokenSink) -> Completion:
        """Run one call to its end, pushing into `sink` as the bytes arrive.

        Raises `ModelError` or a subclass of it.  When it raises, or is cancelled, the connection is closed before.
        """
        decoder = ChunkDecoder(sink, subject=self._subject, redactor=self._redactor)
        try:
            async with self._watchdog(call) as dog:
                await self._exchange(call, decoder, dog)
        except (Exception, asyncio.CancelledError) as exc:
            with suppress(RunError):
                decoder.end()
            # A transport closes in the loop's next turn.
            await asyncio.sleep(0)
            if isinstance(exc, HttpError):
                raise transport_error(
                    exc, self._url, connect_timeout_s=self._connect_timeout_s, chars=decoder.chars
                ) from exc
            raise
        return decoder.completion()

    async def aclose(self) -> None:
        """Close the connections that this event loop keeps alive; a later call opens new ones."""
        for http in (self._direct, self._general):
            if http is not None:
                await http.aclose()

    def _watchdog(self, call: ModelCall) -> Watchdog:
        return Watchdog(
            first_token_s=self._first_token_timeout_s if call.stream else None,
            progress_s=self._progress_timeout_s if call.stream else None,
            total_s=self._total_timeout_s,
            subject=self._subject,
        )

    async def _exchange(self, call: ModelCall, decoder: ChunkDecoder, dog: Watchdog) -> None:
        answer = Answer(
            decoder,
            url=self._url,
            model=call.model,
            subject=self._subject,
            redactor=self._redactor,
            max_bytes=self._max_response_bytes,
            progress=dog.progress,
        )
        async with self._http().exchanging(Request(self._url, self._headers, _request_body(call)), answer):
            await answer.whole
            if answer.error is None:
                dog.stop()
                await _await_tail(answer)
            if answer.error is not None:
                raise answer.error

    def _http(self) -> Http:
        """Choose the way to the server. Proxies are the environment's, which may change."""
        if proxy_for(self._url) is None and find_spec("httptools") is not None:
            if self._direct is None:
                from flock.engines.http_pool import PooledHttp

                self._direct = PooledHttp(
                    self._url.origin(),
                    max_connections=self._max_connections,
                    connect_timeout_s=self._connect_timeout_s,
                )
            return self._direct
        if self._general is None:
            from flock.engines.http_general import GeneralHttp

            self._general = GeneralHttp(
                max_connections=self._max_connections, connect_timeout_s=self._connect_timeout_s
            )
        return self._general


async def _await_tail(answer: Answer) -> None:
    """Wait for what follows a whole answer (usage, `[DONE]`), then for its end; none of it is worth a failure."""
    if answer.ended.done():
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(TAIL_TIMEOUT_S) as limit:
            await answer.done
            limit.reschedule(asyncio.get_running_loop().time() + DRAIN_TIMEOUT_S)
            await answer.ended


def _request_body(call: ModelCall) -> bytes:
    body: dict[str, Any] = {**call.body, "model": call.model, "stream": call.stream}
    if call.stream:
        body["stream_options"] = {"include_usage": True}
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return clean(json.dumps(body, ensure_ascii=False)).encode()


def _request_headers(api_key: str | None, extra: Mapping[str, str]) -> dict[str, str]:
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "flock",
    }
    if api_key:
        headers["Authorization"] = f"Bearer {api_key.strip()}"
    for name, value in extra.items():
        headers = {kept: headers[kept] for kept in headers if kept.lower() != name.lower()}
        headers[name] = value
    for name, value in headers.items():
        if not (f"{name}{value}".isascii() and value.isprintable() and name.isprintable()):
            raise ConfigurationError(
                f"The header {name!r} has characters that HTTP cannot carry.",
                hint="Was the API key copied whole, and nothing but the key?",
            )
    return headers


def _secrets(api_key: str | None, named: Iterable[tuple[str, str]]) -> list[str]:
    """Give what of a request must not be read in a message: the key, and `named` values whose names speak of secrets.

    Those are headers and what follows the `?` of an address.
    """
    secrets = [api_key.strip()] if api_key else []
    for name, value in named:
        if re.search(r"auth|key|token|secret|cookie", name, re.IGNORECASE):
            secrets += [value, *value.split()]
    return secrets


def _chat_url(base_url: str) -> URL:
    try:
        url = URL(base_url)
        is_usable = url.scheme in ("http", "https") and url.user is None
        is_usable = is_usable and bool((url.raw_host or "").encode("idna"))
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigurationError(
            f"base_url {Redactor().redact(base_url)!r} is no address of a model server.",
            hint="Expected http(s)://HOST[:PORT][/PATH] without a user, such as 'http://localhost:11434/v1'.",
        )
    path = url.path.rstrip("/").removesuffix("/chat/completions")
    return url.with_path(f"{path}/chat/completions", keep_query=True)
