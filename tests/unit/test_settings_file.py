"""Tokens in a settings file."""

import logging
from pathlib import Path

import pytest

from flock.errors import ServingError
from flock.server.settings import ServerSettings
from flock.server.settings_file import FileSettings, read_settings
from flock.tokens import Token

SECRET = "a-secret-of-sixteen-characters"
ENVIRON = {"ACME_TOKEN": "another-secret-from-outside"}

GOOD = f"""
[[tokens]]
secret = "{SECRET}"

[[tokens]]
secret_env = "ACME_TOKEN"
scopes = ["publish", "read"]
tenant = "acme"
labels = ["staff", "night"]
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_file_gives_its_tokens_in_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read_settings(written(tmp_path, GOOD), environ=ENVIRON).tokens == (
        Token(SECRET),
        Token(ENVIRON["ACME_TOKEN"], scopes=["read", "publish"], tenant="acme", labels=["night", "staff"]),
    )
    assert read_settings(written(tmp_path, "")) == FileSettings()
    assert not caplog.records


def test_a_file_says_by_which_names_the_server_is_reached(tmp_path: Path) -> None:
    text = 'allowed_hosts = ["flock.example"]\nallowed_origins = ["https://flock.example", "https://a.example"]\n'
    read = read_settings(written(tmp_path, text + GOOD), environ=ENVIRON)
    assert len(read.tokens) == 2
    assert read.allowed_hosts == ("flock.example",)
    assert read.allowed_origins == ("https://flock.example", "https://a.example")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_secrets_that_others_can_read_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    with caplog.at_level(logging.WARNING):
        read_settings(written(tmp_path, GOOD, mode), environ=ENVIRON)
    assert "chmod 600" in caplog.text
    assert SECRET not in caplog.text


def test_a_file_without_secrets_may_be_read_by_everybody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_settings(written(tmp_path, '[[tokens]]\nsecret_env = "ACME_TOKEN"', 0o644), environ=ENVIRON)
    assert not caplog.records


TOKEN = f'[[tokens]]\nsecret = "{SECRET}"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{TOKEN}tenant = acme", r"not TOML: .*line 3"),
        ("[[tokens]]\ntokens = 1 2", r"line 2"),
        (f"{TOKEN}tenent = 'acme'", r"Token 1: There is no key 'tenent'. Did you mean 'tenant'"),
        (f"token = 1\n{TOKEN}", r"There is no key 'token'. Did you mean 'tokens'\?"),
        ("allowed_hosts = 'flock.example'", r"'allowed_hosts' is not a list of texts"),
        ("allowed_origins = [1]", r"'allowed_origins' is not a list of texts"),
        ("[tokens]", r"'tokens' is not a list of tables. Begin each token with a line \[\[tokens\]\]"),
        ("tokens = [1]", r"not a list of tables"),
        ("[[tokens]]\nsecret = 1234567890123456", r"Token 1: 'secret' is not a text"),
        (f"{TOKEN}scopes = 'read'", r"Token 1: 'scopes' is not a list of texts"),
        (f"{TOKEN}scopes = [1]", r"'scopes' is not a list of texts"),
        (f"{TOKEN}scopes = ['reed']", r"unknown scope 'reed'. Take read, publish or admin"),
        (f"{TOKEN}scopes = []", r"has no scope"),
        (f"{TOKEN}labels = 'staff'", r"'labels' is not a list of texts"),
        (f"{TOKEN}labels = ['']", r"Token 1: '' is not one of the labels"),
        (f"{TOKEN}tenant = ' '", r"' ' is not a tenant"),
        (f"{TOKEN}tenant = 1", r"'tenant' is not a text"),
        (f"{TOKEN}[[tokens]]\nsecret = 'too-short'", r"Token 2: .*has 9 characters; it needs at least 16"),
        (f"{TOKEN}[[tokens]]\nsecret = 'not only ASCII, but ä'", r"Token 2: .*ASCII"),
        (f"{TOKEN}secret_env = 'ACME_TOKEN'", r"one of 'secret' and 'secret_env'"),
        ("[[tokens]]\ntenant = 'acme'", r"one of 'secret' and 'secret_env'"),
        ("[[tokens]]\nsecret_env = 'NOBODY'", r"variable 'NOBODY' is not set"),
        (f"{TOKEN}[[tokens]]\nsecret_env = 'ACME_TOKEN'\n{TOKEN}", r"Tokens 1 and 3 have the same secret"),
    ],
)
def test_what_does_not_fit_is_named_without_a_secret(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ServingError, match=message) as raised:
        read_settings(written(tmp_path, text), environ=ENVIRON)
    assert "settings.toml" in raised.value.message
    assert SECRET not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"'.*/none.toml' cannot be read: No such file"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(ServingError, match="Is a directory"):
        read_settings(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[[tokens]]\ntenant = '\xe4'")
    with pytest.raises(ServingError, match="not in UTF-8"):
        read_settings(tmp_path / "latin.toml")


def test_two_tokens_of_one_secret_cannot_be_served() -> None:
    with pytest.raises(ServingError, match="same secret"):
        ServerSettings(tokens=(Token(SECRET), Token(SECRET, tenant="acme")))
    with pytest.raises(ServingError, match="same secret"):
        ServerSettings(token=SECRET, tokens=(Token(SECRET),))
    assert ServerSettings(tokens=(Token(SECRET),)).has_token
    assert SECRET not in repr(ServerSettings(token="x", tokens=(Token(SECRET),)))
