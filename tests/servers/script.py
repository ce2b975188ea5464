"""What the scripted model server shall do with a request: the words that tests and server share."""

from dataclasses import dataclass, field
from typing import Any, Literal

StepKind = Literal[
    "answer",  # fill in the fields the prompt asks for, word by word (value: none)
    "text",  # one delta of text
    "words",  # a text, one delta per word, at the script's pace
    "reasoning",  # one delta of reasoning, under `reasoning`
    "reasoning_content",  # the same under `reasoning_content`
    "tool_call",  # one fragment: {"index", "id", "function": {"name", "arguments"}}
    "delta",  # one delta as given
    "finish",  # the finish reason
    "usage",  # a chunk with this usage and no choices
    "done",  # [DONE]
    "comment",  # a line of comment
    "data",  # one event with this data, as it is
    "bytes",  # these bytes as they are, written as Latin-1 text
    "fill",  # [bytes, count]: the same bytes again and again, made while they are sent
    "gzip",  # [bytes, count]: the same, compressed
    "raw",  # these bytes in place of the response: no headers, no chunks
    "drip",  # [bytes, seconds]: one byte at a time
    "pings",  # comments at this distance in seconds until the client leaves
    "headers",  # send the response's headers now, not with the first byte of the body
    "gate",  # wait until the gate of this name is released
    "end",  # end the response here, properly
    "close",  # close the connection in the middle of the response
    "drop",  # reset the connection
]
Step = tuple[StepKind, Any]


@dataclass(frozen=True)
class Script:
    """How one request is answered.

    A request takes the first script that is for its model (or for any), and uses it up unless it `repeat`s.  After the
    steps come the finish reason (if there is one), the usage chunk and `[DONE]`.  `body` replaces all of that.
    A request that asks for no stream gets its answer whole, but takes the steps of a script without finish reason.
    `split_seed` cuts what is written into pieces of random sizes, the same ones for the same seed.
    """

    steps: list[Step] = field(default_factory=lambda: [("answer", None)])
    model: str | None = None
    repeat: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    finish_reason: str | None = "stop"
    with_usage: bool = True
    with_done: bool = True
    tokens: int = 20
    first_token_s: float = 0.0
    tokens_per_s: float = 0.0
    newline: str = "\n"
    split_bytes: int = 0
    split_seed: int | None = None
    keep_alive: bool = True

    def all_steps(self) -> list[Step]:
        """Give the steps with the ending that the other fields ask for."""
        steps = list(self.steps)
        if self.finish_reason is not None:
            steps.append(("finish", self.finish_reason))
            if self.with_usage:
                steps.append(("usage", None))
            if self.with_done:
                steps.append(("done", None))
        return steps
