"""What an engine writes its live output to: synchronous, O(1), never waiting for a viewer."""

import time
from collections.abc import Callable

from flock.allowance import CHARS_PER_TOKEN, Allowance, count_tokens
from flock.errors import ClosedError
from flock.events import Channel, OutputType, TextKind
from flock.growing_text import GrowingText
from flock.journal import Journal, output_too_large, texts_too_large
from flock.text import Utf8Joiner
from flock.transcript import Transcript, channel_size

MAX_DELTA_CHARS = 16 * 1024
"""Longer texts are split, so that no delta passes 64 KiB of UTF-8."""

MODEL_OUTPUT = frozenset({"llm_token", "reasoning"})
"""What counts as tokens: what a model says, not logs and not tools."""

_TOKEN_TYPES = frozenset({"llm_token", "reasoning", "tool_call"})


class StreamWriter:
    """Writes one run's deltas into the journal.

    Where the run does not stream to viewers (`is_live` false), texts are collected and appear whole at its end.
    `tokens` is what the model wrote, over all attempts. Raises `OutputTooLargeError` where the run's output passes its
    bound, `TokenBudgetError` where the correlation's tokens pass theirs, `OutputError` for a place it cannot have,
    `ClosedError` once the run's output has ended.
    """

    def __init__(
        self,
        journal: Journal,
        transcript: Transcript,
        *,
        is_live: bool,
        redact: Callable[[str], str] = str,
        allowance: Allowance | None = None,
    ) -> None:
        self.is_live = is_live
        self.first_token_at: float | None = None
        self.tokens = 0
        self._allowance = allowance or Allowance()
        self._journal = journal
        self._redact = redact
        self._transcript = transcript
        self._held: dict[Channel, GrowingText] = {}
        self._held_bytes = self._held_size = 0
        self._has_ended = False
        self._is_streaming = False  # there is nothing to note any more but the text
        self._joiners: dict[Channel, Utf8Joiner] = {}
        self._channels: dict[tuple[OutputType, str | None, TextKind, int, int | None], Channel] = {}

    @property
    def attempt(self) -> int:
        """The current attempt, from 1."""
        return self._transcript.attempt

    @property
    def chunks(self) -> int:
        """How many deltas the run has written into the journal."""
        return self._transcript.next_sequence

    def append(
        self,
        text: str,
        *,
        field: str | None = None,
        output_type: OutputType = "llm_token",
        kind: TextKind = "text",
        step: int = 1,
        artifact: int | None = None,
    ) -> None:
        """Write text of a field of the run's `artifact`-th output (0, 1, …; the first where a field is given)."""
        if artifact is None and field is not None and self._transcript.stream.artifacts:
            artifact = 0
        key = (output_type, field, kind, step, artifact)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(output_type, field, kind, step, artifact)
        self.write(channel, text)

    def log(self, text: str) -> None:
        """Write a line about the work, not part of any artifact."""
        self.append(text if text.endswith("\n") else f"{text}\n", output_type="log")

    def write(self, channel: Channel, text: str) -> None:
        """Write text of one channel."""
        joiner = self._joiners.get(channel) if self._joiners else None
        if joiner is None and not text.isascii():
            joiner = self._joiners[channel] = Utf8Joiner()
        if joiner is not None:
            text = joiner.feed(text)
        if text:
            self.put(channel, text)

    def put(self, channel: Channel, text: str) -> None:
        """Write text of one channel that is valid Unicode, and not empty."""
        journal = self._journal
        if self._is_streaming and len(text) <= MAX_DELTA_CHARS:
            journal.append_delta(self._transcript, channel, text)
        else:
            self._put(channel, text)
        if channel.output_type in MODEL_OUTPUT:
            tokens = 1 if len(text) <= CHARS_PER_TOKEN else count_tokens(text)
            self.tokens += tokens
            journal.tokens_total += tokens
            allowance = self._allowance
            allowance.tokens += tokens
            if allowance.tokens > allowance.max_tokens:
                raise allowance.make_error()

    def start_attempt(self, reason: str, *, keep_steps_below: int = 1) -> None:
        """Begin the next attempt: a model call replaces an earlier one.

        What steps below `keep_steps_below` wrote stands, and is written again as part of the new attempt.
        """
        self._check_open()
        self._end_joiners(below=keep_steps_below)
        source = self._transcript.channels if self.is_live else self._held
        kept = [(channel, text.decode()) for channel, text in source.items() if channel.step < keep_steps_below]
        self._held = {}
        self._held_bytes = self._held_size = 0
        self._journal.start_attempt(self._transcript, reason=self._redact(reason))
        for channel, text in kept:
            self._put(channel, text)

    def end(self) -> None:
        """Write what is still held back; nothing can be written any more. Again it does nothing."""
        if self._has_ended:
            return
        self._end_joiners()
        self._has_ended = True
        self._is_streaming = False
        held, self._held = self._held, {}
        for channel, text in held.items():
            self._journal_pieces(channel, text.decode())

    def _end_joiners(self, *, below: int | None = None) -> None:
        """Write the half characters that wait for their other half, of steps `below` only; the others are void."""
        joiners, self._joiners = self._joiners, {}
        for channel, joiner in joiners.items():
            rest = joiner.end()
            if rest and (below is None or channel.step < below):
                self._put(channel, rest)

    def _put(self, channel: Channel, text: str) -> None:
        if self._has_ended:
            self._check_open()
        if self.first_token_at is None and channel.output_type in _TOKEN_TYPES:
            self.first_token_at = time.perf_counter()
            self._transcript.first_token_at = time.time()
            self._is_streaming = self.is_live
        if not self.is_live:
            self._hold(channel, text)
        elif len(text) <= MAX_DELTA_CHARS:
            self._journal.append_delta(self._transcript, channel, text)
        else:
            self._journal_pieces(channel, text)

    def _check_open(self) -> None:
        if self._has_ended:
            raise ClosedError(
                f"The output of run {self._transcript.stream.run_id} has ended.",
                hint="Let every task of an engine end before `evaluate` returns.",
            )

    def _hold(self, channel: Channel, text: str) -> None:
        data = text.encode()
        held = self._held.get(channel)
        if held is None:
            self._held_size += channel_size(self._transcript.stream, channel)
            held = self._held[channel] = GrowingText()
        self._held_bytes += len(data)
        self._held_size += len(data)
        if self._held_bytes > self._journal.max_output_bytes:
            raise output_too_large(self._transcript.stream, self._journal.max_output_bytes)
        if self._held_size * 2 > self._journal.max_bytes:
            raise texts_too_large(self._journal.max_bytes)
        held.append(data)

    def _journal_pieces(self, channel: Channel, text: str) -> None:
        for start in range(0, len(text), MAX_DELTA_CHARS):
            self._journal.append_delta(self._transcript, channel, text[start : start + MAX_DELTA_CHARS])
