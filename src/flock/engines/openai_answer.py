"""One response of a chat-completions endpoint: an answer that streams, one in a document, or what is no answer."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from yarl import URL

from flock.engines.envelope import Envelope
from flock.engines.http_errors import HttpError
from flock.engines.http_exchange import Head
from flock.engines.openai_chunks import ChunkDecoder, token_text
from flock.engines.openai_errors import page_title, status_error
from flock.engines.sse import SSEDecoder
from flock.errors import ModelError
from flock.redaction import Redactor

MAX_ERROR_BYTES = 64 * 2**10
"""How much of an error response is read."""

MAX_PIECE_BYTES = 4 * 2**20
"""How large one event may be, or an answer that does not stream: all of it is in memory, several times over."""

_BASE_URL_HINT = "Is base_url right? It ends where /chat/completions follows, often in /v1."


class Answer:
    """Receives one response and pushes it into its decoder.

    The first bytes decide what it is: servers mislabel streams and documents. `whole` is there once the answer has its
    finish reason, `done` when nothing of it can follow, `ended` when its response has ended; all of them when there is
    an `error`. `progress` is called when the model has said something; `max_bytes` bounds the body.
    """

    def __init__(
        self,
        decoder: ChunkDecoder,
        *,
        url: URL,
        model: str,
        subject: str,
        redactor: Redactor,
        max_bytes: int,
        progress: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.whole: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.error: Exception | None = None
        self._decoder = decoder
        self._url = url
        self._model = model
        self._subject = subject
        self._redactor = redactor
        self._progress = progress
        self._left_bytes = self._max_bytes = max_bytes
        self._max_piece_bytes = min(MAX_PIECE_BYTES, max_bytes)
        self._head = Head(0, {})
        self._events = SSEDecoder(max_event_bytes=self._max_piece_bytes)
        self._has_events = False
        self._awaits_token = False
        self._envelope = Envelope(_read_token)
        self._collected: list[bytes] = []
        self._collected_bytes = 0
        # Plain functions: methods bound to the answer would keep it, and all its text, for the garbage collector.
        self._take: Callable[[Answer, bytes], None] = Answer._take_start
        self._finish: Callable[[Answer], None] = Answer._finish_stream

    def head(self, head: Head) -> None:
        """Take status and headers. Raises `ModelError` for a redirect, or an encoding that was not asked for."""
        self._head = head
        encoding = head.headers.get("Content-Encoding", "identity").strip().lower()
        if 300 <= head.status < 400:
            raise self._redirect_error()
        if head.status >= 400:
            self._take = Answer._take_refusal if encoding == "identity" else Answer._take_nothing
            self._finish = Answer._finish_refusal
        elif encoding != "identity":
            raise ModelError(
                f"{self._subject} answered with Content-Encoding {encoding!r}; only 'identity' was asked for.",
                status=head.status,
                hint="Switch compression off in the server or the proxy before it.",
            )

    def body(self, data: bytes) -> None:
        """Take the next piece. Raises `ModelError` for what is no answer, and what the sink raises."""
        size = len(data)
        self._left_bytes -= size
        if self._left_bytes < 0:
            raise ModelError(f"{self._subject} sent more than {self._max_bytes:,} bytes.")
        if not self._awaits_token or size > self._max_piece_bytes:
            self._take(self, data)
        elif text := self._envelope.open(data):
            self._decoder.take_token(text)
            progress = self._progress  # called in place, an attribute is looked up as a method first (0012)
            progress()
        else:
            self._take_next(data)

    def end(self) -> None:
        """Note that the response has ended. Raises `ModelError` where that is too early."""
        self._finish(self)
        self._set_all()

    def fail(self, error: Exception) -> None:
        """Note that nothing more will come. Where the answer is whole, a broken connection does not spoil it."""
        if isinstance(error, HttpError):
            if self._head.status >= 400:
                error = self._refusal()
            elif self._decoder.is_finished:
                self._set_all()
                return
        self.error = error
        self._set_all()

    def _set_all(self) -> None:
        for milestone in (self.whole, self.done, self.ended):
            _reach(milestone)

    def _take_start(self, data: bytes) -> None:
        """Find out what the body is; white space says nothing."""
        match data.lstrip()[:1]:
            case b"":
                return
            case b"{":
                self._take, self._finish = Answer._collect, Answer._finish_document
            case b"<":
                raise self._page_error(data)
            case _:
                self._take = Answer._take_events
        self._take(self, data)

    def _take_next(self, data: bytes) -> None:
        """Take what is a token of which not all was expected, or something else."""
        chunk = self._events.sole(data)
        text = None if chunk is None else self._decoder.token(chunk)
        if text:
            self._envelope.learn(data, text)
            self._decoder.take_token(text)
            self._progress()
        else:
            self._take(self, data)

    def _take_events(self, data: bytes) -> None:
        decoder = self._decoder
        events = self._events.feed(data)
        if events and not self._has_events:
            self._has_events = True
            self._head = Head(self._head.status, {})  # its headers say nothing about a stream of events
        for event in events:
            if decoder.feed(event):
                self._progress()
        self._awaits_token = self._events.is_between and decoder.expects_token and not decoder.is_finished
        if decoder.is_finished:
            _reach(self.whole)
            if decoder.is_done:
                _reach(self.done)

    def _finish_stream(self) -> None:
        if self._decoder.is_finished:
            return
        content_type = self._head.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not self._has_events and content_type != "text/event-stream":
            raise ModelError(
                f"{self._subject} answered with {content_type!r}, not with a stream of events.", hint=_BASE_URL_HINT
            )
        raise self._decoder.truncated("closed the stream")

    def _collect(self, data: bytes) -> None:
        self._collected.append(data)
        self._collected_bytes += len(data)
        if self._collected_bytes > self._max_piece_bytes:
            raise ModelError(f"{self._subject} sent more than {self._max_piece_bytes:,} bytes in one piece.")

    def _finish_document(self) -> None:
        self._decoder.feed_document(b"".join(self._collected))

    def _take_refusal(self, data: bytes) -> None:
        self._collected.append(data)
        self._collected_bytes += len(data)
        if self._collected_bytes >= MAX_ERROR_BYTES:
            raise self._refusal()

    def _take_nothing(self, data: bytes) -> None:
        raise self._refusal()

    def _finish_refusal(self) -> None:
        raise self._refusal()

    def _refusal(self) -> ModelError:
        return status_error(
            self._head.status,
            b"".join(self._collected)[:MAX_ERROR_BYTES],
            headers=self._head.headers,
            subject=self._subject,
            model=self._model,
            redactor=self._redactor,
        )

    def _page_error(self, data: bytes) -> ModelError:
        title = page_title(data.decode("utf-8", "replace"))
        about = f" ({self._redactor.redact(title)[:100]!r})" if title else ""
        return ModelError(f"{self._subject} answered with a web page{about}.", hint=_BASE_URL_HINT)

    def _redirect_error(self) -> ModelError:
        hint = _BASE_URL_HINT
        location = self._head.headers.get("Location")
        if location:
            with suppress(ValueError):
                target = self._url.join(URL(location)).with_query(None).with_fragment(None).with_user(None)
                base_url = self._redactor.redact(str(target).removesuffix("/chat/completions"))
                hint = f"If you trust that server, set base_url to {base_url!r}."
        return ModelError(
            f"{self._subject} redirects ({self._head.status}); redirects are not followed, they would hand on the key.",
            status=self._head.status,
            hint=hint,
        )


def _read_token(event: bytes) -> str | None:
    """Give the text of an event that is a token."""
    return token_text(event.removeprefix(b"data: "))


def _reach(milestone: asyncio.Future[None]) -> None:
    """Wake who waits, if anybody still does."""
    if not milestone.done():
        milestone.set_result(None)
