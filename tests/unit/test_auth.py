"""Tokens, codes and sessions."""

import pytest
from starlette.requests import HTTPConnection

from flock.server.auth import MAX_CODES, SESSION_TTL_S, Auth, Tickets, bearer
from flock.server.holder import SERVER_HOLDER, Holder
from flock.server.refusals import AuthError
from flock.tokens import Token

ACME = Token("a-secret-of-acme-1", tenant="acme")
GUEST = Token("a-secret-of-a-guest", scopes=["publish"])


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
    secret = tickets.issue(SERVER_HOLDER)
    assert tickets.holder_of(secret) is SERVER_HOLDER
    assert tickets.holder_of(secret + "x") is None
    clock.now = 10
    assert tickets.holder_of(secret) is None


def test_a_ticket_is_redeemed_once() -> None:
    tickets = Tickets(ttl_s=10, limit=2)
    secret = tickets.issue(SERVER_HOLDER)
    assert tickets.redeem(secret) is SERVER_HOLDER
    assert tickets.redeem(secret) is None
    assert tickets.redeem("wrong \ud800") is None


def test_the_oldest_tickets_of_a_holder_give_way_and_nobody_else_s() -> None:
    tickets = Tickets(ttl_s=10, limit=2)
    other = Holder(1, ACME.grant)
    kept = tickets.issue(other)
    secrets = [tickets.issue(SERVER_HOLDER) for _ in range(3)]
    assert [tickets.holder_of(secret) for secret in secrets] == [None, SERVER_HOLDER, SERVER_HOLDER]
    assert tickets.holder_of(kept) is other


@pytest.mark.parametrize("token", ["", "secre", "secrets", "SECRET", "sécret", "\ud800"])
def test_only_the_token_is_the_token(token: str) -> None:
    auth = Auth("secret", port=1)
    assert auth.holder_of("secret") is SERVER_HOLDER
    assert auth.holder_of(token) is None


def test_each_token_says_who_comes_in() -> None:
    auth = Auth("secret", port=1, tokens=[ACME, GUEST])
    holders = [auth.holder_of(secret) for secret in ("secret", ACME.secret, GUEST.secret, ACME.secret[:-1])]
    assert holders == [SERVER_HOLDER, Holder(1, ACME.grant), Holder(2, GUEST.grant), None]
    assert auth.holder(request(authorization=f"Bearer {ACME.secret}")) == Holder(1, ACME.grant)


def test_every_token_is_compared_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("flock.server.auth.secrets.compare_digest", compare)
    auth = Auth("secret", port=1, tokens=[ACME, GUEST])
    for shown in ("secret", ACME.secret, "wrong"):
        compared.clear()
        auth.holder_of(shown)
        assert len(set(compared)) == 3


def test_a_session_is_the_holder_s_who_opened_it() -> None:
    auth = Auth("secret", port=1, tokens=[ACME, GUEST])
    session = auth.open_session_with_token(request(authorization=f"Bearer {GUEST.secret}"))
    assert auth.holder(request(cookie=f"flock_session_1={session}")) == Holder(2, GUEST.grant)
    session = auth.open_session(auth.issue_code())
    assert auth.holder(request(cookie=f"flock_session_1={session}")) is SERVER_HOLDER


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
    assert auth.holder(request(cookie=cookie)) is SERVER_HOLDER
    assert auth.holder(request(cookie=cookie, authorization="Bearer wrong")) is None
    assert auth.holder(request(cookie=cookie.replace("8000", "8001"))) is None
    assert auth.holder(request(cookie="flock_session_8000=secret")) is None
    assert auth.holder(request()) is None


def test_a_session_ends() -> None:
    clock = Clock()
    auth = Auth("secret", port=1, clock=clock)
    session = auth.open_session_with_token(request(authorization="Bearer secret"))
    assert auth.holder(request(cookie=f"flock_session_1={session}")) is SERVER_HOLDER
    clock.now = SESSION_TTL_S
    assert auth.holder(request(cookie=f"flock_session_1={session}")) is None


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
    assert auth.holder(request()) is SERVER_HOLDER
    assert auth.holder_of("anything") is SERVER_HOLDER
