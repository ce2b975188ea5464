"""Failures of OpenAI-compatible servers are told apart, told in one line, and told without secrets."""

import email.utils
import time
from typing import Any

import pytest

from flock.engines.openai_errors import (
    MAX_MESSAGE_CHARS,
    error_message,
    page_title,
    retry_after_s,
    status_error,
    stream_error,
)
from flock.errors import ModelError
from flock.redaction import Redactor


def error_of(status: int, body: bytes = b"", **headers: str) -> ModelError:
    return status_error(
        status,
        body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        subject="The model server at x",
        model="gpt-x",
        redactor=Redactor(["a-very-secret-key"]),
    )


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 522, 529])
def test_what_may_pass_is_worth_another_try(status: int) -> None:
    error = error_of(status)

    assert error.retryable
    assert error.status == status
    assert error.message == f"The model server at x answered {status} to a call of model 'gpt-x'."


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 501, 505])
def test_what_will_not_pass_is_not(status: int) -> None:
    assert not error_of(status).retryable


@pytest.mark.parametrize(
    ("body", "is_retryable"),
    [
        (b'{"error":{"code":"insufficient_quota","type":"insufficient_quota","message":"m"}}', False),
        (b'{"error":{"code":"billing_hard_limit_reached","message":"m"}}', False),
        (b'{"error":{"code":"rate_limit_exceeded","type":"tokens","message":"m"}}', True),
        (b'[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"quota, check billing"}}]', True),
    ],
)
def test_too_many_requests_pass_with_time_unless_it_is_about_money(body: bytes, is_retryable: object) -> None:
    assert error_of(429, body).retryable is is_retryable


@pytest.mark.parametrize(("status", "word"), [(401, "key"), (403, "access"), (404, "base_url"), (404, "model's name")])
def test_frequent_mistakes_have_a_hint(status: int, word: str) -> None:
    hint = error_of(status).hint

    assert hint is not None
    assert word in hint


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"error": {"message": "m", "type": "t"}}, "m"),
        ({"error": "m"}, "m"),
        ({"error": {"code": 5}}, '{"code": 5}'),
        ({"object": "error", "message": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"detail": [{"loc": ["body"], "msg": "m"}]}, '[{"loc": ["body"], "msg": "m"}]'),
        ([{"error": {"message": "m"}}], "m"),
        ({"error": None}, None),
        ({}, None),
        ([], None),
        ("text", None),
        (None, None),
    ],
)
def test_the_message_is_found_in_every_shape(document: Any, message: str | None) -> None:
    assert error_message(document) == message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"plain text", "plain text"),
        (b"<html><head><TITLE lang=en>502 Bad &amp; Gateway\n</TITLE>...", "502 Bad & Gateway"),
        (b"<!doctype html><h1>Oops</h1>", "Oops"),
        (b"<p>", "a web page without a title"),
        (b'{"error":{"message":"a\\nb\\u001b[31m\\ud83d\\u202ec"}}', "a b [31m c"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"error":{"message":"key a-very-secret-key is bad"}}', "key [redacted] is bad"),
    ],
)
def test_what_the_server_says_becomes_one_printable_line(body: bytes, said: str) -> None:
    assert error_of(400, body).message == f"The model server at x answered 400 to a call of model 'gpt-x': {said}"


def test_a_long_message_is_cut_after_its_secrets_are_out() -> None:
    message = error_of(400, b"x" * (MAX_MESSAGE_CHARS - 5) + b"a-very-secret-key").message

    assert len(message) < MAX_MESSAGE_CHARS + 100
    assert "a-v" not in message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 99999 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_from_the_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


@pytest.mark.parametrize("kind", [{"b": 2}, ["server_error"], None, 3])
def test_an_error_of_an_odd_type_is_an_error_like_others(kind: object) -> None:
    document = {"error": {"message": "Odd", "type": kind, "code": [503]}}
    error = stream_error(document, text="", subject="The server", redactor=Redactor())

    assert (error.message, error.status, error.retryable) == ("The server reported an error: Odd", None, False)


def test_the_time_to_wait_may_be_a_date() -> None:
    seconds = retry_after_s({"Retry-After": email.utils.formatdate(time.time() + 20, usegmt=True)})

    assert seconds is not None
    assert 15 < seconds <= 20


@pytest.mark.parametrize("unit", ["<title", "<title>", "<h1 ", "<"])
def test_hostile_pages_take_no_long_time(unit: str) -> None:
    start = time.perf_counter()

    page_title(unit * 10_000)

    assert time.perf_counter() - start < 1
