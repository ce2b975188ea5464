"""The rule that decides who may see what, and the words it is said in."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.errors import ConfigurationError
from flock.visibility import (
    HIDDEN,
    OPERATOR,
    PUBLIC,
    AfterVisibility,
    Identity,
    LabelledVisibility,
    PrivateVisibility,
    PublicVisibility,
    SharedVisibility,
    TenantVisibility,
    Visibility,
    check_visibility,
    is_open_to_readers_of,
    may_see,
    opens_after_s,
    remaining,
    settled,
    shared,
    visibility_wire,
)

NAMES = st.sampled_from(["a", "b", "c"])
SETS = st.frozensets(NAMES, max_size=2)
AGES = st.floats(0, 20)
IDENTITIES = st.builds(Identity, st.none() | NAMES, SETS, st.none() | NAMES)
PLAIN = (
    st.just(PUBLIC)
    | st.builds(PrivateVisibility, SETS)
    | st.builds(LabelledVisibility, st.frozensets(NAMES, min_size=1, max_size=2))
    | st.builds(TenantVisibility, NAMES)
)
VISIBILITIES: st.SearchStrategy[Visibility] = st.recursive(
    PLAIN, lambda inner: st.builds(AfterVisibility, st.integers(0, 15), inner), max_leaves=4
)


@pytest.mark.parametrize(
    ("visibility", "identity", "is_seen"),
    [
        (PublicVisibility(), Identity(), True),
        (PrivateVisibility(["critic"]), Identity(agent="critic"), True),
        (PrivateVisibility(["critic"]), Identity(agent="writer"), False),
        (PrivateVisibility(["critic"]), Identity(labels=frozenset({"critic"}), tenant="critic"), False),
        (PrivateVisibility([]), Identity(), False),
        (LabelledVisibility(["legal", "eu"]), Identity(labels=frozenset({"legal", "eu", "x"})), True),
        (LabelledVisibility(["legal", "eu"]), Identity(labels=frozenset({"legal"})), False),
        (TenantVisibility("acme"), Identity(tenant="acme"), True),
        (TenantVisibility("acme"), Identity(tenant="umbrella"), False),
        (TenantVisibility("acme"), Identity(), False),
        (
            SharedVisibility(frozenset({TenantVisibility("acme"), LabelledVisibility("x")})),
            Identity(tenant="acme"),
            False,
        ),
    ],
)
def test_each_kind_lets_in_whom_it_names(visibility: Visibility, identity: Identity, is_seen: bool) -> None:
    assert may_see(identity, visibility) is is_seen
    assert may_see(OPERATOR, visibility)


def test_nobody_sees_before_its_time_what_opens_later() -> None:
    visibility = AfterVisibility(60, TenantVisibility("acme"))
    acme = Identity(tenant="acme")
    assert not may_see(acme, visibility, age_s=59.9)
    assert may_see(acme, visibility, age_s=60)
    assert not may_see(Identity(), visibility, age_s=60)
    assert may_see(OPERATOR, visibility, age_s=0)


def test_a_delay_within_a_delay_counts_from_the_same_moment() -> None:
    visibility = AfterVisibility(timedelta(minutes=1), AfterVisibility(90))
    assert visibility.delay == 60
    assert opens_after_s(visibility) == 90
    assert not may_see(Identity(), visibility, age_s=80)
    assert may_see(Identity(), visibility, age_s=90)


@given(VISIBILITIES, IDENTITIES, AGES)
def test_what_is_settled_is_what_could_be_seen_at_that_age_and_waits_for_nothing(
    visibility: Visibility, identity: Identity, age_s: float
) -> None:
    fixed = settled(visibility, age_s=age_s)
    assert opens_after_s(fixed) == 0
    assert may_see(identity, fixed) == may_see(identity, visibility, age_s=age_s)


@given(VISIBILITIES, IDENTITIES, AGES, AGES)
def test_what_remains_opens_when_what_it_was_made_of_does(
    visibility: Visibility, identity: Identity, age_s: float, later_s: float
) -> None:
    rest = remaining(visibility, age_s=age_s)
    assert opens_after_s(rest) == pytest.approx(max(0, opens_after_s(visibility) - age_s))
    assert may_see(identity, rest) == may_see(identity, visibility)
    assert not may_see(identity, rest, age_s=later_s) or may_see(identity, visibility, age_s=age_s + later_s + 1e-6)


@given(st.lists(VISIBILITIES, max_size=4), IDENTITIES, AGES)
def test_what_is_made_of_several_things_is_seen_by_those_who_see_each(
    parts: list[Visibility], identity: Identity, age_s: float
) -> None:
    whole = shared(parts)
    assert may_see(identity, whole, age_s=age_s) == all(may_see(identity, part, age_s=age_s) for part in parts)
    assert opens_after_s(whole) == max(map(opens_after_s, parts), default=0)
    assert whole == shared(reversed(parts)) == shared([whole, *parts])
    settled_parts = [settled(part, age_s=age_s) for part in parts]
    assert may_see(identity, settled(whole, age_s=age_s)) == may_see(identity, shared(settled_parts))


@given(VISIBILITIES, VISIBILITIES, IDENTITIES, AGES)
def test_what_is_open_to_the_readers_of_another_thing_is_seen_by_all_of_them(
    visibility: Visibility, other: Visibility, identity: Identity, age_s: float
) -> None:
    assert is_open_to_readers_of(other, PUBLIC, age_s=age_s)
    assert is_open_to_readers_of(shared([other, settled(visibility, age_s=age_s)]), visibility, age_s=age_s)
    if is_open_to_readers_of(other, visibility, age_s=age_s) and may_see(identity, other, age_s=age_s):
        assert may_see(identity, visibility, age_s=age_s)


@given(VISIBILITIES)
def test_a_visibility_is_a_value(visibility: Visibility) -> None:
    assert check_visibility(visibility) is visibility
    assert {visibility: 1}[visibility] == 1
    assert visibility_wire(visibility)["kind"] in ("public", "private", "labelled", "tenant", "after")


def test_the_wire_form_says_everything() -> None:
    assert visibility_wire(AfterVisibility(5, PrivateVisibility(["b", "a"]))) == {
        "kind": "after",
        "delay_s": 5.0,
        "then": {"kind": "private", "agents": ["a", "b"]},
    }
    assert visibility_wire(shared([TenantVisibility("acme"), LabelledVisibility("x"), PUBLIC])) == {
        "kind": "shared",
        "parts": [{"kind": "labelled", "labels": ["x"]}, {"kind": "tenant", "tenant": "acme"}],
    }
    assert visibility_wire(PUBLIC) == {"kind": "public"}


def test_nobody_but_the_operator_sees_what_is_hidden() -> None:
    assert may_see(OPERATOR, HIDDEN)
    assert not may_see(Identity(agent="a", labels=frozenset({"a"}), tenant="a"), HIDDEN)


def test_one_name_is_one_name_not_its_letters() -> None:
    assert PrivateVisibility("critic").agents == {"critic"}
    assert LabelledVisibility("eu").labels == {"eu"}


ANYTHING: Any = object()


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: AfterVisibility(-1), "-1 is not a delay"),
        (lambda: AfterVisibility(float("nan")), "nan is not a delay"),
        (lambda: AfterVisibility(float("inf")), "inf is not a delay"),
        (lambda: AfterVisibility(True), "True is not a delay"),
        (lambda: AfterVisibility(ANYTHING), "is not a delay"),
        (lambda: AfterVisibility(1, ANYTHING), "is not a visibility"),
        (lambda: TenantVisibility(""), "'' is not a tenant"),
        (lambda: TenantVisibility(ANYTHING), "is not a tenant"),
        (lambda: LabelledVisibility([ANYTHING]), "is not one of the labels"),
        (lambda: LabelledVisibility([]), "names no label"),
        (lambda: LabelledVisibility(ANYTHING), "names no labels"),
        (lambda: PrivateVisibility(ANYTHING), "names no agents"),
        (lambda: TenantVisibility(" acme"), "' acme' is not a tenant"),
        (lambda: PrivateVisibility([""]), "'' is not one of the agents"),
        (lambda: check_visibility(PublicVisibility), "is not a visibility"),
    ],
)
def test_what_is_no_visibility_is_refused(make: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        make()
