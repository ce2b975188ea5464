"""Takes a model's tokens of one call, and writes each to the field it belongs to."""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

from flock.engines.field_types import FieldDelta, FieldKind, FieldParser
from flock.events import Channel
from flock.text import Utf8Joiner
from flock.writer import StreamWriter

ChannelOf = Callable[[str, str, str], Channel | None]
"""From prompt field, path and kind to a channel; None for what viewers do not see as such."""


class FieldSink:
    """The sink of one model call: parser in, deltas out, nothing awaited.

    The parser is the one authority: what it gives is shown, and what it parsed is the result.
    """

    def __init__(self, parser: FieldParser, writer: StreamWriter, channel_of: ChannelOf, *, step: int) -> None:
        self._parser = parser
        self._writer = writer
        self._channel_of = channel_of
        self._channels: dict[tuple[str | None, str, str], Channel | None] = {}
        self._field: str | None = None
        self._path = ""
        self._kind = ""
        self._channel: Channel | None = None
        self._joiner = Utf8Joiner()
        self._answer = StringIO()
        self._reasoning = Channel("reasoning", step=step)
        self._tool_call = Channel("tool_call", kind="json", step=step)
        self._stray = Channel("log", step=step)
        self.progress: Callable[[], None] | None = None

    @property
    def answer(self) -> str:
        """The whole text the model gave so far, as it came."""
        return self._answer.getvalue()

    @property
    def values(self) -> Mapping[str, Any]:
        """The parsed fields; complete after `close`."""
        return self._parser.values

    def text(self, text: str) -> None:
        """Take a piece of the answer."""
        if self._joiner.held or not text.isascii():
            text = self._joiner.feed(text)
        if text:
            if self.progress is not None:
                self.progress()
            self._answer.write(text)
            piece = self._parser.more(text)
            if piece is None:
                self._show(self._parser.feed(text))
            elif piece and self._channel is not None:
                self._writer.put(self._channel, piece)

    def reasoning(self, text: str) -> None:
        """Take a piece of the model's reasoning."""
        if self.progress is not None:
            self.progress()
        self._writer.write(self._reasoning, text)

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        """Take a fragment of a native tool call, which flock does not ask for but shows."""
        if self.progress is not None:
            self.progress()
        self._writer.write(self._tool_call, arguments if name is None else f"{name} {arguments}")

    def close(self, *, is_whole: bool = True) -> None:
        """End the answer, which broke off if not `is_whole`; raises `FormatError` where it cannot be parsed."""
        rest = self._joiner.end()
        if rest:
            self._answer.write(rest)
            self._show(self._parser.feed(rest))
        self._show(self._parser.close(is_whole=is_whole))

    def _show(self, deltas: Sequence[FieldDelta]) -> None:
        for field, path, kind, piece in deltas:
            if path is not self._path or field is not self._field or kind is not self._kind:
                self._turn_to(field, path, kind)
            if self._channel is not None:
                self._writer.put(self._channel, piece)

    def _turn_to(self, field: str | None, path: str, kind: FieldKind) -> None:
        """Note where the next pieces go. One place after the other: tokens follow tokens."""
        self._field, self._path, self._kind = key = (field, path, kind)
        if key not in self._channels:
            self._channels[key] = self._stray if field is None else self._channel_of(field, path, kind)
        self._channel = self._channels[key]
