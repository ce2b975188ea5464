"""Who may come in: the tokens of programs, one-time codes and sessions of browsers."""

import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from math import inf

from starlette.requests import HTTPConnection

from flock.server.holder import SERVER_HOLDER, Holder
from flock.server.refusals import AuthError, unauthorised
from flock.server.settings import ServerSettings
from flock.tokens import Token

logger = logging.getLogger(__name__)

CODE_TTL_S = 3600.0
MAX_CODES = 64
SESSION_TTL_S = 7 * 86400.0
MAX_SESSIONS = 256
SECRET_BYTES = 32

Clock = Callable[[], float]


class Tickets:
    """Secrets handed out for a while, each to one holder, of whose at most `limit` are good: the oldest give way."""

    def __init__(self, *, ttl_s: float, limit: int, clock: Clock = time.monotonic) -> None:
        self._ttl_s = ttl_s
        self._limit = limit
        self._clock = clock
        self._issued: dict[Holder, OrderedDict[bytes, float]] = {}

    def issue(self, holder: Holder) -> str:
        """Draw a new secret for a holder."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        issued = self._issued.setdefault(holder, OrderedDict())
        issued[_digest(secret)] = self._clock() + self._ttl_s
        while len(issued) > self._limit:
            issued.popitem(last=False)
        return secret

    def holder_of(self, secret: str) -> Holder | None:
        """Give whose secret this is, None where it was not handed out or has expired."""
        digest = _digest(secret)
        for holder, issued in self._issued.items():
            if self._clock() < issued.get(digest, -inf):
                return holder
        return None

    def redeem(self, secret: str) -> Holder | None:
        """Use a secret up; None if it was not good."""
        holder = self.holder_of(secret)
        for issued in self._issued.values():
            issued.pop(_digest(secret), None)
        return holder


class Auth:
    """Checks tokens, codes and sessions of one server. With `token` None everybody may come in, and do everything."""

    def __init__(
        self, token: str | None, *, port: int, tokens: Iterable[Token] = (), clock: Clock = time.monotonic
    ) -> None:
        self.token = token
        self.cookie_name = f"flock_session_{port}"
        own = [] if token is None else [(_digest(token), SERVER_HOLDER)]
        further = ((_digest(token.secret), Holder(number, token.grant)) for number, token in enumerate(tokens, start=1))
        self._holders = (*own, *further)
        self._codes = Tickets(ttl_s=CODE_TTL_S, limit=MAX_CODES, clock=clock)
        self._sessions = Tickets(ttl_s=SESSION_TTL_S, limit=MAX_SESSIONS, clock=clock)

    @classmethod
    def of(cls, settings: ServerSettings) -> "Auth":
        """Make the checks of a server as its settings want it: its token, or a random one, and those beside it."""
        if settings.insecure_no_auth:
            logger.warning("Serving without authorisation: whoever reaches port %s may do everything", settings.port)
            return cls(None, port=settings.port)
        token = settings.token or f"flk_{secrets.token_urlsafe(SECRET_BYTES)}"
        return cls(token, port=settings.port, tokens=settings.tokens)

    @property
    def is_open(self) -> bool:
        """Whether everybody may come in."""
        return self.token is None

    def issue_code(self) -> str:
        """Draw a code that one browser may exchange for a session, once."""
        return self._codes.issue(SERVER_HOLDER)

    def open_session(self, code: str) -> str:
        """Exchange a code for a session; raises `AuthError` for one that is wrong, used or too old."""
        holder = self._codes.redeem(code)
        if holder is None:
            raise AuthError(
                "This code is not valid (any more).",
                hint="Each opens one browser, once. Sign in with the token, or take a new `server.browser_url()`.",
            )
        return self._sessions.issue(holder)

    def open_session_with_token(self, connection: HTTPConnection) -> str:
        """Give a session to a request with a valid token, whose holder it is for; raises `AuthError`."""
        token = bearer(connection)
        holder = self.holder_of(token) if token is not None else None
        if holder is None:
            raise unauthorised()
        return self._sessions.issue(holder)

    def holder_of(self, token: str) -> Holder | None:
        """Give whose token this is, None for a wrong one. Every token is compared, each in constant time."""
        if self.is_open:
            return SERVER_HOLDER
        shown, found = _digest(token), None
        for expected, holder in self._holders:
            if secrets.compare_digest(shown, expected):
                found = holder
        return found

    def holder(self, connection: HTTPConnection) -> Holder | None:
        """Give who shows a token or a session's cookie with a request or handshake, None for a stranger."""
        if self.is_open:
            return SERVER_HOLDER
        token = bearer(connection)
        if token is not None:
            return self.holder_of(token)
        session = connection.cookies.get(self.cookie_name)
        return self._sessions.holder_of(session) if session is not None else None

    def has_session(self, connection: HTTPConnection) -> bool:
        """Whether the cookie of a request is that of a session."""
        session = connection.cookies.get(self.cookie_name)
        return session is not None and self._sessions.holder_of(session) is not None

    def end_session(self, connection: HTTPConnection) -> None:
        """End the session whose cookie comes with a request, if there is one."""
        session = connection.cookies.get(self.cookie_name)
        if session is not None:
            self._sessions.redeem(session)


def bearer(connection: HTTPConnection) -> str | None:
    """Give the token of the `Authorization` header, None where there is no such header."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
