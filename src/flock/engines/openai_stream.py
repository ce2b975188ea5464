"""The client of OpenAI-compatible chat-completions endpoints: requests, deadlines and connections.

What the bytes mean is decided elsewhere: `sse` (events), `openai_chunks` (answers), `openai_errors` (failures).
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import closing, suppress
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from flock.engines.deadlines import Watchdog
from flock.engines.http_body import ResponseBody
from flock.engines.http_sessions import HttpSessions, proxy_for
from flock.engines.model import Completion, ModelCall, TokenSink
from flock.engines.openai_chunks import ChunkDecoder
from flock.engines.openai_errors import page_title, status_error
from flock.engines.sse import SSEDecoder
from flock.engines.transport_errors import transport_error
from flock.errors import ConfigurationError, ModelError, RunError
from flock.redaction import Redactor
from flock.text import clean

TAIL_TIMEOUT_S = 2.0
"""How long usage and `[DONE]` may take once the answer is whole."""

DRAIN_TIMEOUT_S = 0.2
"""How long the response may take to end after `[DONE]` for its connection to be kept."""

MAX_ERROR_BYTES = 64 * 2**10
"""How much of an error response is read."""

MAX_PIECE_BYTES = 4 * 2**20
"""How large one event may be, or an answer that does not stream: all of it is in memory, several times over."""

_UPLOAD_PIECE_BYTES = 256 * 2**10
_BASE_URL_HINT = "Is base_url right? It ends where /chat/completions follows, often in /v1."


class OpenAIStream:
    """Stream answers from one OpenAI-compatible endpoint; any number of calls at once, in any event loop.

    `base_url` ends where `/chat/completions` follows.  All times are in seconds.  `headers` are sent with every
    request and win over the ones that are sent anyway.  `max_response_bytes` bounds a response, whatever is in it.
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
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._url = _chat_url(base_url)
        self._subject = f"The model server at {self._url.host_port_subcomponent}"
        self._connect_timeout_s = connect_timeout_s
        self._first_token_timeout_s = first_token_timeout_s
        self._progress_timeout_s = progress_timeout_s
        self._total_timeout_s = total_timeout_s
        self._max_response_bytes = max_response_bytes
        self._max_piece_bytes = min(MAX_PIECE_BYTES, max_response_bytes)
        self._headers = _request_headers(api_key, headers or {})
        self._redactor = Redactor(_secrets(api_key, [*(headers or {}).items(), *self._url.query.items()]))
        self._sessions = HttpSessions(connect_timeout_s=connect_timeout_s)

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
            if isinstance(exc, aiohttp.ClientError):
                raise transport_error(
                    exc, self._url, connect_timeout_s=self._connect_timeout_s, chars=decoder.chars
                ) from exc
            raise
        return decoder.completion()

    async def aclose(self) -> None:
        """Close the connections that this event loop keeps alive; a later call opens new ones."""
        await self._sessions.aclose()

    def _watchdog(self, call: ModelCall) -> Watchdog:
        return Watchdog(
            first_token_s=self._first_token_timeout_s if call.stream else None,
            progress_s=self._progress_timeout_s if call.stream else None,
            total_s=self._total_timeout_s,
            subject=self._subject,
        )

    async def _exchange(self, call: ModelCall, decoder: ChunkDecoder, dog: Watchdog) -> None:
        session = await self._sessions.get()
        data = _request_body(call)
        response = await session.post(
            self._url,
            data=data if len(data) <= _UPLOAD_PIECE_BYTES else _pieces(data),
            headers={**self._headers, "Content-Length": str(len(data))},
            allow_redirects=False,
            proxy=proxy_for(self._url),
        )
        with closing(ResponseBody(response, self._max_response_bytes, self._subject)) as body:
            await self._check(response, body, call.model)
            await self._read_answer(body, decoder, dog)

    async def _check(self, response: aiohttp.ClientResponse, body: ResponseBody, model: str) -> None:
        """Raise `ModelError` unless the response is a success in an encoding that was asked for."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if 300 <= response.status < 400:
            raise self._redirect_error(response)
        if response.status >= 400:
            raise status_error(
                response.status,
                await body.at_most(MAX_ERROR_BYTES) if encoding == "identity" else b"",
                headers=response.headers,
                subject=self._subject,
                model=model,
                redactor=self._redactor,
            )
        if encoding != "identity":
            raise ModelError(
                f"{self._subject} answered with Content-Encoding {encoding!r}; only 'identity' was asked for.",
                status=response.status,
                hint="Switch compression off in the server or the proxy before it.",
            )

    async def _read_answer(self, body: ResponseBody, decoder: ChunkDecoder, dog: Watchdog) -> None:
        """Read until the answer is whole. Its first bytes decide what it is: servers mislabel streams and documents."""
        data = await body.start()
        match data.lstrip()[:1]:
            case b"{":
                decoder.feed_document(await body.rest(data, max_bytes=self._max_piece_bytes))
                return
            case b"<":
                raise self._page_error(data)
            case _:
                pass
        events = SSEDecoder(max_event_bytes=self._max_piece_bytes)
        event_count = 0
        while data and not decoder.is_finished:
            has_progress = False
            for event in events.feed(data):
                has_progress |= decoder.feed(event)
                event_count += 1
            if has_progress:
                dog.progress()
            if not decoder.is_finished:
                data = await body.next()
        if not decoder.is_finished:
            if not event_count and body.content_type != "text/event-stream":
                raise ModelError(
                    f"{self._subject} answered with {body.content_type!r}, not with a stream of events.",
                    hint=_BASE_URL_HINT,
                )
            raise decoder.truncated("closed the stream")
        dog.stop()
        await _read_tail(body, events, decoder)

    def _page_error(self, data: bytes) -> ModelError:
        title = page_title(data.decode("utf-8", "replace"))
        about = f" ({self._redactor.redact(title)[:100]!r})" if title else ""
        return ModelError(f"{self._subject} answered with a web page{about}.", hint=_BASE_URL_HINT)

    def _redirect_error(self, response: aiohttp.ClientResponse) -> ModelError:
        hint = _BASE_URL_HINT
        location = response.headers.get("Location")
        if location:
            with suppress(ValueError):
                target = self._url.join(URL(location)).with_query(None).with_fragment(None).with_user(None)
                base_url = self._redactor.redact(str(target).removesuffix("/chat/completions"))
                hint = f"If you trust that server, set base_url to {base_url!r}."
        return ModelError(
            f"{self._subject} redirects ({response.status}); redirects are not followed, they would hand on the key.",
            status=response.status,
            hint=hint,
        )


async def _read_tail(body: ResponseBody, events: SSEDecoder, decoder: ChunkDecoder) -> None:
    """Take what follows a whole answer (usage, `[DONE]`), then its end; no failure of the connection spoils it now."""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(TAIL_TIMEOUT_S) as limit:
            while not decoder.is_done and (data := await body.next()):
                for event in events.feed(data):
                    decoder.feed(event)
            limit.reschedule(asyncio.get_running_loop().time() + DRAIN_TIMEOUT_S)
            await body.drain()


def _request_body(call: ModelCall) -> bytes:
    body: dict[str, Any] = {**call.body, "model": call.model, "stream": call.stream}
    if call.stream:
        body["stream_options"] = {"include_usage": True}
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return clean(json.dumps(body, ensure_ascii=False)).encode()


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _UPLOAD_PIECE_BYTES):
        yield data[start : start + _UPLOAD_PIECE_BYTES]


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
