"""The chat-completions protocol: chunks of an answer as calls of a sink; knows no I/O."""

import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from flock.engines.model import Completion, TokenSink
from flock.engines.openai_errors import stream_error
from flock.engines.sse import ServerSentEvent
from flock.errors import ModelError, TruncatedError
from flock.redaction import Redactor
from flock.text import Utf8Joiner, clean


class _Part(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: "str | list[_Part] | None" = None


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _ToolCall(msgspec.Struct, gc=False):
    index: int | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct, gc=False):
    index: int | None = 0
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    model: Any = None
    error: Any = None
    object: Any = None


class _TokenDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: str
    role: str | None = None
    refusal: None = None
    reasoning_content: None = None
    reasoning: None = None
    tool_calls: None = None
    function_call: None = None


class _TokenChoice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    delta: _TokenDelta
    index: Literal[0] = 0
    logprobs: None = None
    finish_reason: None = None
    stop_reason: None = None
    matched_stop: None = None
    native_finish_reason: None = None


class _Token(msgspec.Struct, gc=False):
    """A chunk that says nothing but a piece of text, as most do. What is no such chunk does not decode."""

    choices: tuple[_TokenChoice]
    usage: None = None
    error: None = None
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


_decode_token = msgspec.json.Decoder(_Token).decode
_decode = msgspec.json.Decoder(_Chunk).decode
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BRACE = ord("{")

_MAX_MISSES = 8
"""After how many chunks in a row with more than text nothing else is expected: each costs a decoding in vain."""


def token_text(data: bytes) -> str | None:
    """Give the text of a chunk, as JSON, that is nothing but a piece of text; None for any other one."""
    try:
        return _decode_token(data).choices[0].delta.content
    except _UNDECODABLE:
        return None


class ChunkDecoder:
    """Decode one answer, chunk by chunk or whole, into a sink; say how it ended.

    Only choice 0 counts.  Text that follows the finish reason is still text; nothing follows `[DONE]`.  `expects_token`
    tells that the next chunk is probably nothing but a piece of text.
    """

    def __init__(self, sink: TokenSink, *, subject: str = "The model server", redactor: Redactor | None = None) -> None:
        self.finish_reason: str | None = None
        self.usage: Mapping[str, Any] = {}
        self.is_done = False
        self.expects_token = False
        self.chars = 0
        self._model = ""
        self._sink = sink
        self._subject = subject
        self._redactor = redactor or Redactor()
        self._has_halves = False
        self._misses = 0
        self._text = Utf8Joiner()
        self._reasoning = Utf8Joiner()
        self._arguments: dict[int, Utf8Joiner] = {}
        self._named: set[int] = set()
        self._refusal = ""

    @property
    def is_finished(self) -> bool:
        """Whether the finish reason has come: the answer is whole, whatever happens now."""
        return self.finish_reason is not None

    def feed(self, event: ServerSentEvent) -> bool:
        """Take one event of the stream; tell whether the model said anything with it.

        Raises `ModelError` for an error of the server or what is no chunk, `TruncatedError` for an early `[DONE]`.
        """
        data = event.data
        if self.is_done or not data:
            return False
        if event.event == b"error":
            raise self._error(data)
        if data[0] == _BRACE:
            return self._take_chunk(data)
        data = data.strip()
        if data == b"[DONE]":
            self.is_done = True
            if not self.is_finished:
                raise self.truncated("ended the stream")
            return False
        if not data or event.event != b"message":
            return False
        return self._take_chunk(data)

    def _take_chunk(self, data: bytes) -> bool:
        """Take one chunk of the stream, as JSON; tell whether the model said anything with it. Raises `ModelError`."""
        text = self.token(data)
        if text is not None:
            if text:
                self.take_token(text)
            return bool(text)
        try:
            chunk = _decode(data)
        except _UNDECODABLE:
            chunk = self._decode_leniently(data)
        if chunk.error or chunk.object == "error":
            raise self._error(data)
        return self._take_parsed(chunk)

    def token(self, data: bytes) -> str | None:
        """Give the text of a chunk that is nothing but that; None for any other one, and where one is not expected."""
        if not self.expects_token:
            return None
        text = token_text(data)
        self.expects_token = text is not None
        self._misses = 0 if self.expects_token else self._misses + 1
        return text

    def take_token(self, text: str) -> None:
        """Take the text of such a chunk."""
        self.chars += len(text)
        self._sink.text(text)

    def feed_document(self, body: bytes) -> None:
        """Take a whole answer that is one JSON object. Raises `ModelError` when it is an error, or no answer."""
        try:
            chunk = _decode(body)
        except _UNDECODABLE:
            chunk = self._decode_leniently(body)
        if not chunk.choices:
            raise self._error(body)
        for choice in chunk.choices:
            choice.delta = choice.message or choice.delta
            choice.finish_reason = choice.finish_reason or "stop"
        self._take_parsed(chunk)

    def completion(self) -> Completion:
        """Give how the answer ended, after its last chunk. Raises `ModelError` when the model refused to answer."""
        if self._refusal:
            refusal = clean(self._refusal)[:500]
            raise ModelError(f"The model refused to answer: {refusal}", finish_reason="refusal")
        self.end()
        return Completion(self.finish_reason or "", self.usage, self._model)

    def end(self) -> None:
        """Push the half characters that waited for their other half. To be called when nothing follows any more."""
        if rest := self._text.end():
            self._sink.text(rest)
        if rest := self._reasoning.end():
            self._sink.reasoning(rest)
        for index, joiner in self._arguments.items():
            if rest := joiner.end():
                self._sink.tool_call(index, None, rest)

    def truncated(self, how: str) -> TruncatedError:
        """Give the error for an answer that has no finish reason; `how` says what the server did."""
        return TruncatedError(
            f"{self._subject} {how} after {self.chars:,} characters, without a finish reason: the answer is cut off.",
            retryable=True,
        )

    def _take_parsed(self, chunk: _Chunk) -> bool:
        has_progress = False
        for choice in chunk.choices or ():
            if choice.index:
                continue
            delta = choice.delta
            if delta is not None:
                content = delta.content
                if isinstance(content, list):
                    has_progress |= self._take_parts(content)
                elif content:
                    has_progress |= self._take_text(content)
                if delta.reasoning_content or delta.reasoning or delta.tool_calls or delta.refusal:
                    has_progress |= self._take_beside(delta)
            if choice.finish_reason and self.finish_reason is None:
                self.finish_reason = clean(choice.finish_reason)
                has_progress = True
        if chunk.usage and chunk.usage != self.usage:
            self.usage = chunk.usage
            has_progress = True
        if not self._model and isinstance(chunk.model, str):
            self._model = clean(chunk.model)
        return has_progress

    def _take_text(self, text: str) -> bool:
        self.chars += len(text)
        self.expects_token = bool(self._model) and not self._has_halves and self._misses < _MAX_MISSES
        if text := self._text.feed(text):
            self._sink.text(text)
        return True

    def _take_beside(self, delta: _Delta) -> bool:
        """Take what may come beside text, and mostly does not."""
        has_progress = False
        # Some servers send the same text under both names.
        reasoning = delta.reasoning_content or delta.reasoning
        if reasoning and isinstance(reasoning, str):
            self._push_reasoning(reasoning)
            has_progress = True
        if delta.tool_calls:
            has_progress |= self._take_tool_calls(delta.tool_calls)
        if delta.refusal:
            self._refusal += delta.refusal
            has_progress = True
        return has_progress

    def _take_parts(self, parts: list[_Part]) -> bool:
        has_progress = False
        for part in parts:
            if part.type == "thinking":
                thinking = part.thinking or ""
                thought = thinking if isinstance(thinking, str) else "".join(inner.text or "" for inner in thinking)
                self._push_reasoning(thought)
                has_progress |= bool(thought)
            elif part.text:
                has_progress |= self._take_text(part.text)
        return has_progress

    def _take_tool_calls(self, calls: list[_ToolCall]) -> bool:
        has_progress = False
        for call in calls:
            function = call.function or _Function()
            index = self._index_of(call.index, is_named=bool(function.name))
            joiner = self._arguments.setdefault(index, Utf8Joiner())
            name = None
            if function.name and index not in self._named:
                self._named.add(index)
                name = clean(function.name)
            arguments = function.arguments or ""
            if isinstance(arguments, dict):
                arguments = json.dumps(arguments)
            self.chars += len(arguments)
            piece = joiner.feed(arguments)
            if name or piece:
                self._sink.tool_call(index, name, piece)
            has_progress |= bool(name or arguments)
        return has_progress

    def _index_of(self, index: int | None, *, is_named: bool) -> int:
        """Give a call's index; servers that leave it out send each call whole, so that a name begins the next one."""
        if index is not None:
            return index
        known = len(self._arguments)
        return known if is_named else max(known - 1, 0)

    def _push_reasoning(self, text: str) -> None:
        self.chars += len(text)
        if text := self._reasoning.feed(text):
            self._sink.reasoning(text)

    def _decode_leniently(self, data: bytes) -> _Chunk:
        """Decode what msgspec refuses although servers send it: half characters, invalid UTF-8, NaN."""
        self._has_halves = True
        document = _parse(data)
        if document is None:
            start = self._redactor.redact(data[:4096].decode("utf-8", "replace"))
            raise ModelError(f"{self._subject} sent a chunk that is not JSON: {start[:200]!r}.")
        try:
            chunk = msgspec.convert(document, _Chunk)
        except msgspec.ValidationError as exc:
            raise ModelError(f"{self._subject} sent a chunk that is no chat completion: {exc}.") from exc
        if chunk.usage:
            chunk.usage = json.loads(clean(json.dumps(chunk.usage, ensure_ascii=False)))
        return chunk

    def _error(self, data: bytes) -> ModelError:
        text = data.decode("utf-8", "replace")
        return stream_error(_parse(data), text=text, subject=self._subject, redactor=self._redactor)


def _parse(data: bytes) -> object:
    """Parse JSON as leniently as Python does; NaN becomes `None`, keys become valid text; `None` when it is no JSON."""
    try:
        return json.loads(
            data.decode("utf-8", "replace"),
            parse_constant=lambda _: None,
            object_pairs_hook=lambda pairs: {clean(key): value for key, value in pairs},
        )
    except (ValueError, RecursionError):
        return None
