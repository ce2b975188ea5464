"""No key survives in a text that people read."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.redaction import REDACTED, Redactor

# Written in two parts, so that no scanner of repositories takes them for keys.
SHAPED_KEYS = [
    "sk-" + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL",
    "sk-proj-" + "Ab_9-Ab_9-Ab_9-Ab_9-Ab_9",
    "sk-ant-" + "api03-aaaaBBBBccccDDDD_1234-xyz",
    "sk-or-v1-" + "0123456789abcdef0123456789abcdef",
    "sk-abcd" + "************wxyz",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_" + "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "gsk_" + "abcdefghijklmnopqrstuvwxyz",
    "xoxb-" + "123456789012-abcdefghijkl",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXg",
]


@pytest.mark.parametrize("key", SHAPED_KEYS)
@pytest.mark.parametrize(
    "template", ["{}", "Incorrect API key provided: {}.", 'x="{}"', "key={}&y", "({})", "a\n{}\nb"]
)
def test_keys_of_known_shapes_are_taken_out_wherever_they_stand(key: str, template: str) -> None:
    redacted = Redactor().redact(template.format(key))

    assert key not in redacted
    assert redacted.rstrip(".") == template.format(REDACTED).rstrip(".")


@pytest.mark.parametrize(
    "text", ["Authorization: Bearer abcdefgh12345", "bearer   ab.cd-ef_gh/12==", "BEARER SECRETSECRET"]
)
def test_bearer_tokens_are_taken_out(text: str) -> None:
    redacted = Redactor().redact(text)

    assert redacted.lower().endswith(f"bearer {REDACTED}") or redacted.lower().endswith(f"bearer   {REDACTED}")


@pytest.mark.parametrize("credentials", ["ann:s3cret", "s3cret", "ann:"])
def test_credentials_in_an_address_are_taken_out(credentials: str) -> None:
    assert Redactor().redact(f"via http://{credentials}@proxy:3128/") == f"via http://{REDACTED}@proxy:3128/"


@pytest.mark.parametrize(
    "text",
    [
        "Bearer authentication required",
        "You sent no Bearer token.",
        "The task-management-system-with-a-long-name answered 401.",
        "https://example.com:8080/v1 and mail@example.com at 12:30",
        "risk-assessment-of-long-words",
        "",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert Redactor(["another-secret"]).redact(text) == text


def test_a_given_secret_is_taken_out_whatever_it_looks_like() -> None:
    redactor = Redactor(["my+odd(secret", "my+odd(secret-longer"])

    assert redactor.redact("<my+odd(secret> <my+odd(secret-longer>") == f"<{REDACTED}> <{REDACTED}>"


def test_short_placeholders_are_no_secrets() -> None:
    assert Redactor(["ollama", ""]).redact("Is ollama running?") == "Is ollama running?"


@pytest.mark.default(11)
@given(st.text(st.characters(codec="ascii", exclude_characters="[]"), min_size=8, max_size=40), st.text(), st.text())
def test_no_secret_survives_in_any_surroundings(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor([secret]).redact(f"{before}\N{BULLET}{secret}\N{BULLET}{after}").replace(REDACTED, "")


@pytest.mark.parametrize("unit", ["eyJaaaaaaaa", "sk-", "://a:", "bearer ", "AIza", "eyJ-", "xoxb-."])
def test_hostile_texts_take_no_long_time(unit: str) -> None:
    text = unit * (64 * 1024 // len(unit))
    start = time.perf_counter()

    Redactor(["a-secret"]).redact(text)

    assert time.perf_counter() - start < 1
