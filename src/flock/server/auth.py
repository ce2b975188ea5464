"""Who may come in: the token of programs, one-time codes and sessions of browsers."""

import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import HTTPConnection

from flock.server.refusals import AuthError
from flock.server.settings import ServerSettings

logger = logging.getLogger(__name__)

CODE_TTL_S = 3600.0
MAX_CODES = 64
SESSION_TTL_S = 7 * 86400.0
MAX_SESSIONS = 256
SECRET_BYTES = 32

Clock = Callable[[], float]


class Tickets:
    """Secrets handed out for a while. At most `limit` are good at once; the oldest give way."""

    def __init__(self, *, ttl_s: float, limit: int, clock: Clock = time.monotonic) -> None:
        self._ttl_s = ttl_s
        self._limit = limit
        self._clock = clock
        self._expiry: OrderedDict[bytes, float] = OrderedDict()

    def issue(self) -> str:
        """Draw a new secret."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self._expiry[_digest(secret)] = self._clock() + self._ttl_s
        while len(self._expiry) > self._limit:
            self._expiry.popitem(last=False)
        return secret

    def is_good(self, secret: str) -> bool:
        """Whether this secret was handed out and has not expired."""
        expiry = self._expiry.get(_digest(secret))
        return expiry is not None and self._clock() < expiry

    def redeem(self, secret: str) -> bool:
        """Use a secret up; False if it was not good."""
        is_good = self.is_good(secret)
        self._expiry.pop(_digest(secret), None)
        return is_good


class Auth:
    """Checks tokens, codes and sessions of one server. With `token` None everybody may come in."""

    def __init__(self, token: str | None, *, port: int, clock: Clock = time.monotonic) -> None:
        self.token = token
        self.cookie_name = f"flock_session_{port}"
        self._codes = Tickets(ttl_s=CODE_TTL_S, limit=MAX_CODES, clock=clock)
        self._sessions = Tickets(ttl_s=SESSION_TTL_S, limit=MAX_SESSIONS, clock=clock)

    @classmethod
    def of(cls, settings: ServerSettings) -> "Auth":
        """Make the checks of a server as its settings want it: its token, a random one, or none at all."""
        if settings.insecure_no_auth:
            logger.warning("Serving without authorisation: whoever reaches port %s may do everything", settings.port)
            return cls(None, port=settings.port)
        return cls(settings.token or f"flk_{secrets.token_urlsafe(SECRET_BYTES)}", port=settings.port)

    @property
    def is_open(self) -> bool:
        """Whether everybody may come in."""
        return self.token is None

    def issue_code(self) -> str:
        """Draw a code that one browser may exchange for a session, once."""
        return self._codes.issue()

    def open_session(self, code: str) -> str:
        """Exchange a code for a session; raises `AuthError` for one that is wrong, used or too old."""
        if not self._codes.redeem(code):
            raise AuthError(
                "This code is not valid (any more).",
                hint="Each opens one browser, once. Sign in with the token, or take a new `server.browser_url()`.",
            )
        return self._sessions.issue()

    def open_session_with_token(self, connection: HTTPConnection) -> str:
        """Give a session to a request with a valid token; raises `AuthError`."""
        token = bearer(connection)
        if token is None or not self.is_token(token):
            raise unauthorised()
        return self._sessions.issue()

    def is_token(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        if self.token is None:
            return True
        return secrets.compare_digest(token.encode("utf-8", "replace"), self.token.encode("utf-8", "replace"))

    def allows(self, connection: HTTPConnection) -> bool:
        """Whether a request or handshake shows the token, or a session's cookie."""
        if self.is_open:
            return True
        token = bearer(connection)
        if token is not None:
            return self.is_token(token)
        session = connection.cookies.get(self.cookie_name)
        return session is not None and self._sessions.is_good(session)


def bearer(connection: HTTPConnection) -> str | None:
    """Give the token of the `Authorization` header, None where there is no such header."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def unauthorised() -> AuthError:
    """Make the error for a request without a valid token."""
    return AuthError(
        "This needs a valid token.",
        hint=(
            "Send `Authorization: Bearer TOKEN`. The server's command printed the token, or its log shows it; "
            "set FLOCK_TOKEN before the start to choose it."
        ),
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
