"""What a fault of a model server is: what the server does, and what has to come of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from flock.events import OutputType, Status
from tests.servers.doors import DoorKind
from tests.servers.script import Script, Step

KEY = "sk-faults/Qm9+c3RvbmU=.0123456789"
"""The API key of all calls. Its characters are allowed in headers, and none of the known shapes of keys fits it."""

HEADER = "[[ ## body ## ]]\n"
"""What an answer begins with: the text of the field `body` follows."""

SAID = "Owls hoot at night.\n["
"""What is said before a fault. Its end could be the beginning of a header, and is text all the same."""

DEADLINE_S = 0.3
"""How long a deadline is that a fault lets pass."""

TOTAL_S = 1.5
"""How long a whole run may take that is to pass this deadline, but not before its server has said something."""

Deadline = Literal["connect_timeout_s", "first_token_timeout_s", "progress_timeout_s", "total_timeout_s"]

FaultClass = Literal[
    "refused",
    "busy",
    "no connection",
    "no connection in time",
    "not HTTP",
    "broken connection",
    "cut off",
    "silence",
    "too slow",
    "passing error in the stream",
    "lasting error in the stream",
    "no answer",
    "ended by the provider",
    "refusal",
    "does not fit",
    "harmless",
]
"""The rows of `docs/retries.md`."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with a model server.

      `item` is what the list of faults calls it.  The `scripts` answer one call after the other, the last one all
      further calls; `door` is where calls knock instead.  `provider` begins the model's name, `stream` is whether a
    stream is asked for.  A script that waits at the gate `seen-N` goes on once viewers
      have the text of attempt N.  `shown` is that text of the field `body`, one per attempt, `beside` what viewers see
      of another kind in the last one.  `says` is part of the error.  `connections` is how many the calls take, where
      that matters; `keeps` is whether the last of them may be kept for the next call.
    """

    name: str
    item: str
    of_class: FaultClass
    scripts: Sequence[Script] = ()
    status: Status = "failed"
    code: str | None = "FLK-MODEL"
    shown: Sequence[str] = ("",)
    beside: Mapping[OutputType, str] = field(default_factory=dict)
    says: str = ""
    deadline: Deadline | None = None
    max_retries: int = 1
    door: DoorKind | None = None
    provider: str = "openai"
    stream: bool = True
    connections: int | None = None
    keeps: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether the server sees the calls as those of its model."""
        return self.door is None and self.provider == "openai"

    @property
    def gates(self) -> int:
        """At how many gates the server waits for the viewers."""
        return sum(
            kind == "gate" and value.startswith("seen-") for script in self.scripts for kind, value in script.steps
        )

    def scripts_for(self, model: str) -> list[Script]:
        """Give the scripts of one model's calls."""
        scripts = [replace(script, model=model) for script in self.scripts]
        return [*scripts[:-1], *(replace(script, repeat=True) for script in scripts[-1:])]


def said(text: str = SAID) -> Step:
    """Say the beginning of an answer, in one piece."""
    return "text", HEADER + text


def seen(attempt: int) -> Step:
    """Wait until viewers have the text of this attempt."""
    return "gate", f"seen-{attempt}"


NEVER: Step = ("gate", "never")


def broken(*steps: Step, **settings: Any) -> Script:
    """Take these steps, and say nothing more."""
    return Script(steps=list(steps), finish_reason=None, **settings)


def error(message: str, **members: Any) -> str:
    """Give an error body as OpenAI's, which repeats the key."""
    return json.dumps({"error": {"message": f"{message} (key {KEY})", "code": None, **members}})


def chunk(content: str | None, **members: Any) -> str:
    """Give the data of an event that says something."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": None}
    return json.dumps({"choices": [choice], **members})


def latin(text: str) -> str:
    """Give the bytes of a text in UTF-8 as steps take them."""
    return text.encode().decode("latin-1")
