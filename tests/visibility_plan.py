"""What is planned in a random flock, the marks it writes, and a second, naive statement of who may see what.

Nothing here asks flock's own rule: a visibility is a plain `Kind`, and `allows` decides over it.
"""

import re
from dataclasses import dataclass, field

from flock.tokens import Scope
from flock.visibility import (
    AfterVisibility,
    LabelledVisibility,
    PrivateVisibility,
    PublicVisibility,
    TenantVisibility,
    Visibility,
)

TENANTS = ("acme", "beta", "gamma")
LABELS = ("red", "green", "blue")
NEVER_S = 1e6
SOON_S = 0.02
OLD_S = 100.0
SCOPES: tuple[tuple[Scope, ...], ...] = (("read",), ("read", "publish"), ("read", "publish"), ("admin",), ("publish",))
MARK = re.compile(r"zq[0-9a-f]{8}zq")
MARK_CHARS = 12


@dataclass(frozen=True)
class Kind:
    """One of the visibilities, as the oracle knows it; `inner` is what one that opens later becomes."""

    name: str
    values: frozenset[str] = frozenset()
    is_open: bool = True
    delay_s: float = 0.0
    inner: "Kind | None" = None

    def real(self) -> Visibility:
        """Make the product's visibility of it."""
        match self.name:
            case "public":
                return PublicVisibility()
            case "private":
                return PrivateVisibility(self.values)
            case "labelled":
                return LabelledVisibility(self.values)
            case "tenant":
                return TenantVisibility(*self.values)
            case _:
                assert self.inner is not None
                return AfterVisibility(self.delay_s, self.inner.real())


@dataclass(frozen=True)
class Who:
    """Somebody who looks: an agent, or the holder of a token."""

    agent: str = ""
    labels: frozenset[str] = frozenset()
    tenant: str | None = None
    is_operator: bool = False


NOBODY = Who()


def allows(who: Who, kind: Kind) -> bool:
    """Say the rule once more, as simply as it can be said."""
    if who.is_operator or kind.name == "public":
        return True
    if kind.name == "private":
        return who.agent in kind.values
    if kind.name == "labelled":
        return all(label in who.labels for label in kind.values)
    if kind.name == "tenant":
        return who.tenant in kind.values
    assert kind.inner is not None
    return kind.is_open and allows(who, kind.inner)


@dataclass(frozen=True)
class Clerk:
    """An agent, as planned."""

    name: str
    description: str
    who: Who
    out: Kind | None
    hears_of: frozenset[str]
    reads_board: bool


@dataclass(frozen=True)
class Paper:
    """A note, as planned; `is_direct` ones set nobody off, but are the input of a run that is asked for."""

    number: int
    text: str
    tag: str
    kind: Kind
    direct_to: Clerk | None = None
    is_old: bool = False


@dataclass(frozen=True)
class Task:
    """One run, as planned: `fails` or makes a memo; `read` are the texts it found on the board, by artifact."""

    clerk: Clerk
    paper: Paper
    fails: bool
    text: str
    reasoning: str
    result: str
    read: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def quoted(self) -> set[str]:
        """The marks in what it read."""
        return marks_in(" ".join(self.read.values()))


def paper_of(of: Paper | Task) -> Paper:
    """Give the note that an artifact is, or was made of."""
    return of if isinstance(of, Paper) else of.paper


def plain(kind: Kind) -> Kind:
    """Give what an open visibility has become; one that is closed stays."""
    return plain(kind.inner) if kind.inner is not None and kind.is_open else kind


def own_part(clerk: Clerk) -> set[Kind]:
    """Give what keeps an agent from others."""
    return set() if clerk.who.tenant is None else {Kind("tenant", frozenset([clerk.who.tenant]))}


def parts_of(of: Paper | Task) -> set[Kind]:
    """Give all that keeps an artifact from anybody."""
    if isinstance(of, Paper):
        return {plain(of.kind)}
    return {plain(of.paper.kind), *own_part(of.clerk)} if of.clerk.out is None else {plain(of.clerk.out)}


def artifact_marks(of: Paper | Task) -> set[str]:
    """Give the marks in an artifact's JSON."""
    return {of.text, of.tag} - {""} if isinstance(of, Paper) else {of.result, of.clerk.name} | of.quoted


def run_marks(task: Task) -> set[str]:
    """Give the marks in a run's JSON: its outcome tells the error, or the value that differs from the stream's text."""
    return {task.clerk.name, task.result} | (set() if task.fails else task.quoted)


def stream_marks(task: Task) -> set[str]:
    """Give the marks in a run's stream."""
    return {task.text, task.reasoning} | task.quoted | run_marks(task)


def announced_marks(of: Paper | Task) -> set[str]:
    """Give the marks in the event that says an artifact is there."""
    return {of.tag} - {""} if isinstance(of, Paper) else {of.clerk.name}


def marks_in(text: bytes | str) -> set[str]:
    """Find all marks in a text."""
    return set(MARK.findall(text.decode() if isinstance(text, bytes) else text))
