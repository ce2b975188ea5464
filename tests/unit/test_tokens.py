"""What a token lets its holder do and see."""

from typing import Any

import pytest

from flock.errors import ConfigurationError
from flock.orchestrator import Flock
from flock.tokens import SCOPES, Token
from flock.visibility import PUBLIC, Identity, TenantVisibility

SECRET = "a-secret-of-some-length"


def test_a_token_reads_what_is_public_unless_it_says_otherwise() -> None:
    grant = Token(SECRET).grant
    assert grant.scopes == {"read"}
    assert grant.identity == Identity()
    assert grant.publishes_as is PUBLIC


def test_what_a_tenant_publishes_is_for_the_tenant() -> None:
    grant = Token(SECRET, scopes=["read", "publish"], tenant="acme", labels=["eu"]).grant
    assert grant.identity == Identity(labels=frozenset({"eu"}), tenant="acme")
    assert grant.publishes_as == TenantVisibility("acme")


def test_admin_does_everything_and_sees_everything_unless_it_has_a_tenant() -> None:
    assert Token(SECRET, scopes="admin").grant.scopes == SCOPES  # type: ignore[arg-type] # one scope, as people write it
    assert Token(SECRET, scopes=["admin"]).grant.identity.sees_all
    tenants = Token(SECRET, scopes=["admin"], tenant="acme").grant
    assert tenants.scopes == SCOPES
    assert not tenants.identity.sees_all


def test_a_token_does_not_show_its_secret() -> None:
    assert SECRET not in repr(Token(SECRET))


ANYTHING: Any = object()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"secret": "short"}, "has 5 characters; it needs at least 16"),
        ({"secret": ANYTHING}, "no printable ASCII text"),
        ({"secret": f"{SECRET}\n"}, "no printable ASCII text"),
        ({"secret": f" {SECRET}"}, "no printable ASCII text"),
        ({"secret": f"{SECRET}é"}, "no printable ASCII text"),
        ({"secret": SECRET, "scopes": ["write"]}, "unknown scope 'write'"),
        ({"secret": SECRET, "scopes": []}, "no scope"),
        ({"secret": SECRET, "tenant": " "}, "' ' is not a tenant"),
        ({"secret": SECRET, "labels": [1]}, "1 is not one of the labels"),
        ({"secret": SECRET, "labels": None}, "None names no labels"),
        ({"secret": SECRET, "scopes": None}, "The scopes of a token are None"),
        ({"secret": SECRET, "scopes": [["read"]]}, "unknown scope"),
    ],
)
def test_a_token_that_cannot_be_meant_is_refused_without_telling_the_secret(
    arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        Token(**arguments)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        (SECRET, "The tokens are no list"),
        (None, "The tokens are no list"),
        (Token(SECRET), "The tokens are no list"),
        ([SECRET], "A str is no token"),
        ([Token(SECRET), Token(SECRET, tenant="acme")], "Two tokens have the same secret"),
    ],
)
def test_what_is_no_list_of_tokens_is_refused_without_telling_the_secret(tokens: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        Flock(view=None, tokens=tokens)
    assert SECRET not in str(caught.value)
