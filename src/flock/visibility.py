"""Who may see what: five kinds of visibility, who asks, and the one rule that decides on every surface."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any

from flock.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wants to see something: an agent by its name, the holder of a token by its tenant and labels.

    With `sees_all` nothing is hidden: the program itself, and tokens of scope `admin` without a tenant.
    """

    agent: str | None = None
    labels: frozenset[str] = frozenset()
    tenant: str | None = None
    sees_all: bool = False


OPERATOR = Identity(sees_all=True)
"""Whoever runs the program: its terminal, its own code, its own token."""


@dataclass(frozen=True, slots=True)
class PublicVisibility:
    """Everybody may see it. The default."""


@dataclass(frozen=True, slots=True)
class PrivateVisibility:
    """Only the agents of these names may see it. Raises `ConfigurationError` for what is no name."""

    agents: frozenset[str]

    def __init__(self, agents: Iterable[str]) -> None:
        object.__setattr__(self, "agents", _names("agents", agents))


@dataclass(frozen=True, slots=True)
class LabelledVisibility:
    """Only those may see it who have all of these labels.

    Raises `ConfigurationError` for what is no label, and for none at all, which would let everybody in.
    """

    labels: frozenset[str]

    def __init__(self, labels: Iterable[str]) -> None:
        object.__setattr__(self, "labels", _names("labels", labels))
        if not self.labels:
            raise ConfigurationError(
                "A LabelledVisibility names no label.", hint="Name one at least, or take PublicVisibility()."
            )


@dataclass(frozen=True, slots=True)
class TenantVisibility:
    """Only those of this tenant may see it. Raises `ConfigurationError` for what is no tenant's name."""

    tenant: str

    def __post_init__(self) -> None:
        check_tenant(self.tenant)


@dataclass(frozen=True, slots=True)
class AfterVisibility:
    """Nobody may see it until `delay` has passed since the artifact was made; from then on `then` decides.

    `delay` is in seconds, or a `timedelta`. When it has passed, the artifact is announced again and sets agents off, in
    a program that is still there: waiting is no work, so `run_until_idle` does not wait for it. Raises
    `ConfigurationError` for a negative or endless delay, and for a `then` that is no visibility.
    """

    delay: float
    then: "Visibility"

    def __init__(self, delay: float | timedelta, then: "Visibility | None" = None) -> None:
        seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < inf:
            raise ConfigurationError(
                f"{delay!r} is not a delay.", hint="Give seconds, 0 or more, for example AfterVisibility(60)."
            )
        object.__setattr__(self, "delay", float(seconds))
        object.__setattr__(self, "then", check_visibility(PublicVisibility() if then is None else then))


@dataclass(frozen=True, slots=True)
class SharedVisibility:
    """Only those may see it who may see every one of its `parts`: what was made of several things."""

    parts: frozenset["Visibility"]


Visibility = (
    PublicVisibility | PrivateVisibility | LabelledVisibility | TenantVisibility | AfterVisibility | SharedVisibility
)


def may_see(identity: Identity, visibility: Visibility, *, age_s: float = inf) -> bool:
    """Decide whether somebody may see something of this visibility that was made `age_s` seconds ago.

    The one rule: agents, REST, replay and every live event ask it.
    """
    if identity.sees_all:
        return True
    match visibility:
        case PublicVisibility():
            return True
        case PrivateVisibility():
            return identity.agent in visibility.agents
        case LabelledVisibility():
            return visibility.labels <= identity.labels
        case TenantVisibility():
            return identity.tenant == visibility.tenant
        case AfterVisibility():
            return age_s >= visibility.delay and may_see(identity, visibility.then, age_s=age_s)
        case SharedVisibility():
            return all(may_see(identity, part, age_s=age_s) for part in visibility.parts)


def opens_after_s(visibility: Visibility) -> float:
    """Give after how many seconds nothing about it waits for time any more; 0 where nothing does."""
    match visibility:
        case AfterVisibility():
            return max(visibility.delay, opens_after_s(visibility.then))
        case SharedVisibility():
            return max(map(opens_after_s, visibility.parts), default=0.0)
        case _:
            return 0.0


def remaining(visibility: Visibility, *, age_s: float) -> Visibility:
    """Give what it is from this age on for something made just now: what waits for a time waits for the rest of it."""
    match visibility:
        case AfterVisibility():
            then = remaining(visibility.then, age_s=age_s)
            return AfterVisibility(visibility.delay - age_s, then) if age_s < visibility.delay else then
        case SharedVisibility():
            return shared(remaining(part, age_s=age_s) for part in visibility.parts)
        case _:
            return visibility


def settled(visibility: Visibility, *, age_s: float) -> Visibility:
    """Give what it is at this age and stays: what is not open by then is `HIDDEN`."""
    match visibility:
        case AfterVisibility():
            return settled(visibility.then, age_s=age_s) if age_s >= visibility.delay else HIDDEN
        case SharedVisibility():
            return shared(settled(part, age_s=age_s) for part in visibility.parts)
        case _:
            return visibility


def shared(visibilities: Iterable[Visibility]) -> Visibility:
    """Give the visibility of what was made of several things: those see it who may see each of them."""
    parts: set[Visibility] = set()
    for visibility in visibilities:
        parts |= visibility.parts if isinstance(visibility, SharedVisibility) else {visibility}
    parts.discard(PUBLIC)
    if not parts:
        return PUBLIC
    return parts.pop() if len(parts) == 1 else SharedVisibility(frozenset(parts))


def is_open_to_readers_of(other: Visibility, visibility: Visibility, *, age_s: float) -> bool:
    """Whether everybody who may see something of the visibility `other` may see this, made `age_s` seconds ago, too."""
    return shared([other, settled(visibility, age_s=age_s)]) == shared([other])


def check_visibility(value: object) -> Visibility:
    """Give what is a visibility; raises `ConfigurationError`."""
    if isinstance(value, Visibility):
        return value
    raise ConfigurationError(f"{value!r} is not a visibility.", hint="For example visibility=TenantVisibility('acme').")


def check_tenant(value: object) -> str:
    """Give what is a tenant's name; raises `ConfigurationError`."""
    if isinstance(value, str) and value and value == value.strip():
        return value
    raise ConfigurationError(f"{value!r} is not a tenant.", hint="Name it, without spaces around: 'acme'.")


def check_labels(value: Iterable[str]) -> frozenset[str]:
    """Give a set of labels; raises `ConfigurationError`."""
    return _names("labels", value)


def visibility_wire(visibility: Visibility) -> dict[str, Any]:
    """Give the JSON form, tagged with its `kind`."""
    match visibility:
        case PublicVisibility():
            return {"kind": "public"}
        case PrivateVisibility():
            return {"kind": "private", "agents": sorted(visibility.agents)}
        case LabelledVisibility():
            return {"kind": "labelled", "labels": sorted(visibility.labels)}
        case TenantVisibility():
            return {"kind": "tenant", "tenant": visibility.tenant}
        case AfterVisibility():
            return {"kind": "after", "delay_s": visibility.delay, "then": visibility_wire(visibility.then)}
        case SharedVisibility():
            return {"kind": "shared", "parts": sorted((visibility_wire(part) for part in visibility.parts), key=str)}


def _names(what: str, names: Iterable[str]) -> frozenset[str]:
    if not isinstance(names, Iterable):
        raise ConfigurationError(f"{names!r} names no {what}.", hint=f"Give the {what} as a list of texts.")
    found = frozenset([names] if isinstance(names, str) else names)
    for name in found:
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"{name!r} is not one of the {what}.", hint=f"Name the {what} as texts.")
    return found


PUBLIC = PublicVisibility()
HIDDEN = PrivateVisibility(())
"""Nobody but the operator may see it."""
