"""Tokens: what programs show to a server, what they may do with it, and what they may see."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from flock.errors import ConfigurationError
from flock.visibility import PUBLIC, Identity, TenantVisibility, Visibility, check_labels, check_tenant

Scope = Literal["read", "publish", "admin"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))

MIN_SECRET_CHARS = 16
"""Shorter secrets can be guessed."""

_DRAW = """Draw one: python -c "import secrets; print(secrets.token_urlsafe(32))"."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do and see. `scopes` holds what it implies, too: `admin` may do everything."""

    scopes: frozenset[Scope]
    identity: Identity

    @property
    def publishes_as(self) -> Visibility:
        """Give the visibility of what is published with this grant: a tenant's is for the tenant."""
        tenant = self.identity.tenant
        return PUBLIC if tenant is None else TenantVisibility(tenant)


@dataclass(frozen=True, slots=True)
class Token:
    """A secret, and what its holder may do: `read` watches and lists, `publish` publishes and runs agents.

    `admin` does everything: it cancels and retries, too, and without a `tenant` it sees everything. Any other token
    sees what is public, what is for its tenant, and what its `labels` open. Raises `ConfigurationError` for a secret
    shorter than `MIN_SECRET_CHARS` or not in printable ASCII, for unknown scopes, and for none.
    """

    secret: str = field(repr=False)
    scopes: frozenset[Scope]
    tenant: str | None
    labels: frozenset[str]

    def __init__(
        self, secret: str, *, scopes: Iterable[Scope] = ("read",), tenant: str | None = None, labels: Iterable[str] = ()
    ) -> None:
        object.__setattr__(self, "secret", _secret(secret))
        object.__setattr__(self, "scopes", _scopes(scopes))
        object.__setattr__(self, "tenant", None if tenant is None else check_tenant(tenant))
        object.__setattr__(self, "labels", check_labels(labels))

    @property
    def grant(self) -> Grant:
        """What its holder may do and see."""
        is_admin = "admin" in self.scopes
        identity = Identity(labels=self.labels, tenant=self.tenant, sees_all=is_admin and self.tenant is None)
        return Grant(SCOPES if is_admin else self.scopes, identity)


def check_tokens(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Give a server's tokens; raises `ConfigurationError` for what is no token, and for a secret that comes twice."""
    if not isinstance(tokens, Iterable) or isinstance(tokens, str):
        raise ConfigurationError("The tokens are no list.", hint="Pass tokens=[Token(…), …].")
    found = tuple(tokens)
    for token in found:
        if not isinstance(token, Token):
            raise ConfigurationError(f"A {type(token).__name__} is no token.", hint="Make it one: Token(secret).")
    if len({token.secret for token in found}) < len(found):
        raise ConfigurationError("Two tokens have the same secret.", hint="Draw one for each: it says who comes in.")
    return found


def _secret(secret: object) -> str:
    if not isinstance(secret, str) or not (secret.isascii() and secret.isprintable()) or secret != secret.strip():
        raise ConfigurationError("The secret of a token is no printable ASCII text.", hint=_DRAW)
    if len(secret) < MIN_SECRET_CHARS:
        raise ConfigurationError(
            f"The secret of a token has {len(secret)} characters; it needs at least {MIN_SECRET_CHARS}.",
            hint=_DRAW,
        )
    return secret


def _scopes(scopes: Iterable[Scope]) -> frozenset[Scope]:
    if not isinstance(scopes, Iterable):
        raise ConfigurationError(f"The scopes of a token are {scopes!r}.", hint='For example scopes=["read"].')
    found = frozenset([scopes] if isinstance(scopes, str) else map(str, scopes))
    if unknown := found - SCOPES:
        shown = ", ".join(sorted(map(repr, unknown)))
        raise ConfigurationError(f"A token has the unknown scope {shown}.", hint="Take read, publish or admin.")
    if not found:
        raise ConfigurationError("A token has no scope.", hint="Take read, publish or admin, or several of them.")
    return frozenset(scope for scope in SCOPES if scope in found)
