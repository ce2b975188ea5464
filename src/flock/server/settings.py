"""How a server listens, and every bound it keeps, each with a name."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from flock.errors import ServingError
from flock.tokens import Token

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Host names a server on this machine always answers to."""

_NAME = r"(?:\[[0-9a-f:.]+\]|[0-9a-z._-]+)"
_HOST = re.compile(_NAME, re.IGNORECASE)
_ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]*://{_NAME}(?::[0-9]{{1,5}})?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where and how to serve.

    `token` may do and see everything; without one a random one is drawn per process. `tokens` are further ones, each
    with its scopes, tenant and labels. A host beyond this machine needs one that was given.
    `dashboard` serves the web page, too: the plain one with `plain_page`, or where the dashboard is not built.
    `allowed_hosts` are further names for the `Host` header (`example.org`, of whatever port), `allowed_origins` further
    origins (`https://example.org`) for browsers behind a proxy; one text is one of them. `stall_timeout_s` is how long
    a viewer may take not a byte, `grace_s` how long running runs get at the end.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    tokens: tuple[Token, ...] = ()
    dashboard: bool = False
    plain_page: bool = False
    insecure_no_auth: bool = False
    allowed_hosts: Sequence[str] = ()
    allowed_origins: Sequence[str] = ()
    max_body_bytes: int = 2**20
    max_message_bytes: int = 64 * 2**10
    max_header_bytes: int = 16 * 2**10
    max_viewers: int = 256
    stall_timeout_s: float = 30.0
    grace_s: float = 10.0
    comment_interval_s: float = 15.0
    token_timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ServingError(f"{self.port} is not a port.", hint="Take 1 to 65535, or 0 for any free one.")
        secrets = [token.secret for token in self.tokens] + ([self.token] if self.token else [])
        if len(set(secrets)) < len(secrets):
            raise ServingError("Two tokens have the same secret.", hint="Draw one for each: it says who comes in.")
        self._take("allowed_hosts", _HOST, "Each is a host name alone, such as flock.example.org.")
        self._take("allowed_origins", _ORIGIN, "Each is a scheme and a host alone, such as https://flock.example.org.")

    def _take(self, key: str, form: re.Pattern[str], hint: str) -> None:
        """Make a tuple of what was given, one text being one; raises `ServingError` for what can never match."""
        given: str | Sequence[str] = getattr(self, key)
        texts = (given,) if isinstance(given, str) else tuple(given)
        for text in texts:
            if not form.fullmatch(text):
                raise ServingError(f"{text[:100]!r} cannot be one of the {key}.", hint=hint)
        object.__setattr__(self, key, texts)

    @property
    def has_token(self) -> bool:
        """Whether a token was given, so that none has to be drawn to come in."""
        return bool(self.token or self.tokens)

    @property
    def host_names(self) -> frozenset[str]:
        """Names the server answers to, as they stand in a `Host` header."""
        own = () if self.is_wildcard else (bracketed(self.host),)
        return LOOPBACK_NAMES | {name.casefold().removesuffix(".") for name in (*own, *self.allowed_hosts)}

    @property
    def origins(self) -> frozenset[str]:
        """The further origins as browsers send them: in small letters, without the port their scheme has anyway."""
        return frozenset(plain_origin(origin.casefold().removesuffix("/")) for origin in self.allowed_origins)

    @property
    def is_wildcard(self) -> bool:
        """Whether the server listens on every address of this machine."""
        return self.host in ("", "0.0.0.0", "::")


def plain_origin(origin: str) -> str:
    """Give an origin without the port its scheme has anyway."""
    return origin.removesuffix({"https": ":443", "http": ":80"}.get(origin.partition("://")[0], ""))


def bracketed(host: str) -> str:
    """Give a host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def is_address(name: str) -> bool:
    """Whether a host name is an IP address, so that no DNS answer can have brought a browser here."""
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
