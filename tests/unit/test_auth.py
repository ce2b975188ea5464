"""Tokens, codes and sessions."""

import pytest
from starlette.requests import HTTPConnection

from flock.server.auth import MAX_CODES, SESSION_TTL_S, Auth, Tickets, bearer
from flock.server.refusals import AuthError


class Clock:
    """A clock a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def request(**headers: str) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw})


def test_a_ticket_is_good_until_it_expires() -> None:
    clock = Clock()
    tickets = Tickets(ttl_s=10, limit=2, clock=clock)
    secret = tickets.issue()
    assert tickets.is_good(secret)
    assert not tickets.is_good(secret + "x")
    clock.now = 10
    assert not tickets.is_good(secret)


def test_a_ticket_is_redeemed_once() -> None:
    tickets = Tickets(ttl_s=10, limit=2)
    secret = tickets.issue()
    assert tickets.redeem(secret)
    assert not tickets.redeem(secret)
    assert not tickets.redeem("wrong \ud800")


def test_the_oldest_tickets_give_way() -> None:
    tickets = Tickets(ttl_s=10, limit=2)
    first, second, third = (tickets.issue() for _ in range(3))
    assert [tickets.is_good(secret) for secret in (first, second, third)] == [False, True, True]


@pytest.mark.parametrize("token", ["", "secre", "secrets", "SECRET", "sécret", "\ud800"])
def test_only_the_token_is_the_token(token: str) -> None:
    auth = Auth("secret", port=1)
    assert auth.is_token("secret")
    assert not auth.is_token(token)


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("BEARER abc", "abc"), ("Basic abc", ""), ("abc", ""), ("", "")],
)
def test_the_header_gives_the_token(header: str, token: str) -> None:
    assert bearer(request(authorization=header)) == token
    assert bearer(request()) is None


def test_a_wrong_header_is_not_saved_by_a_good_cookie() -> None:
    auth = Auth("secret", port=8000)
    session = auth.open_session(auth.issue_code())
    cookie = f"flock_session_8000={session}"
    assert auth.allows(request(cookie=cookie))
    assert not auth.allows(request(cookie=cookie, authorization="Bearer wrong"))
    assert not auth.allows(request(cookie=cookie.replace("8000", "8001")))
    assert not auth.allows(request(cookie="flock_session_8000=secret"))
    assert not auth.allows(request())


def test_a_session_ends() -> None:
    clock = Clock()
    auth = Auth("secret", port=1, clock=clock)
    session = auth.open_session_with_token(request(authorization="Bearer secret"))
    assert auth.allows(request(cookie=f"flock_session_1={session}"))
    clock.now = SESSION_TTL_S
    assert not auth.allows(request(cookie=f"flock_session_1={session}"))


def test_codes_are_for_once_and_there_are_only_so_many() -> None:
    auth = Auth("secret", port=1)
    codes = [auth.issue_code() for _ in range(MAX_CODES + 1)]
    for code in (codes[0], "secret", ""):
        with pytest.raises(AuthError):
            auth.open_session(code)
    assert auth.open_session(codes[1]) != auth.open_session(codes[2])


def test_without_a_token_everybody_may_come_in() -> None:
    auth = Auth(None, port=1)
    assert auth.is_open
    assert auth.allows(request())
    assert auth.is_token("anything")
