"""The settings file of a server, in TOML: how it is reached, and which tokens there are beside the server's own.

allowed_hosts = ["flock.example.org"]               # as ServerSettings explains them
allowed_origins = ["https://flock.example.org"]

[[tokens]]
secret_env = "ACME_TOKEN"       # or: secret = "…"
scopes = ["read", "publish"]    # read, publish, admin; without it: read
tenant = "acme"                 # of no tenant without it
labels = ["staff"]
"""

import logging
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flock.errors import ConfigurationError, ServingError, UnknownNameError
from flock.tokens import Token

logger = logging.getLogger(__name__)

FILE_KEYS = ("allowed_hosts", "allowed_origins", "tokens")
TOKEN_KEYS = ("secret", "secret_env", "scopes", "tenant", "labels")

OTHERS = 0o077
"""Bits of a file's mode that let others at it."""


class FileSettings(NamedTuple):
    """What a settings file says; hosts and origins as they stand there."""

    tokens: tuple[Token, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()


def read_settings(path: Path, *, environ: Mapping[str, str] = os.environ) -> FileSettings:
    """Read a settings file; `secret_env` names a variable of `environ`.

    Raises `ServingError` for a file that cannot be read, for unknown keys, wrong types, and secrets that are missing,
    too short or there twice; never with a secret in its text. Logs a warning where others may read secrets in it.
    """
    table = _load(path)
    try:
        _check_keys(table, FILE_KEYS)
        tables = table.get("tokens", [])
        if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
            raise ServingError("'tokens' is not a list of tables.", hint="Begin each token with a line [[tokens]].")
        tokens = tuple(_token(number, item, environ) for number, item in enumerate(tables, start=1))
        _check_secrets(tokens)
        hosts, origins = (tuple(_texts(table, key, [])) for key in ("allowed_hosts", "allowed_origins"))
    except ConfigurationError as exc:
        raise ServingError(f"{str(path)!r}: {exc.message}", hint=exc.hint) from exc
    if any("secret" in item for item in tables) and os.name == "posix" and path.stat().st_mode & OTHERS:
        logger.warning("Others may read the secrets in %s: chmod 600 it, or use secret_env", path)
    return FileSettings(tokens, hosts, origins)


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ServingError(f"The settings file {str(path)!r} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise ServingError(f"The settings file {str(path)!r} is not in UTF-8.") from exc
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ServingError(
            f"The settings file {str(path)!r} is not TOML: {exc}.", hint='Texts stand in quotes: tenant = "acme".'
        ) from exc


def _token(number: int, table: Mapping[str, Any], environ: Mapping[str, str]) -> Token:
    try:
        _check_keys(table, TOKEN_KEYS)
        return Token(
            _secret(table, environ),
            scopes=_texts(table, "scopes", ["read"]),  # type: ignore[arg-type] # Token checks them
            tenant=_text(table, "tenant"),
            labels=_texts(table, "labels", []),
        )
    except ConfigurationError as exc:
        raise ServingError(f"Token {number}: {exc.message}", hint=exc.hint) from exc


def _secret(table: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    secret, name = _text(table, "secret"), _text(table, "secret_env")
    if secret is not None and name is None:
        return secret
    if secret is not None or name is None:
        raise ServingError(
            "It needs one of 'secret' and 'secret_env'.", hint="secret_env names a variable of the environment."
        )
    if not environ.get(name):
        raise ServingError(f"The environment variable {name!r} is not set.", hint="Its value is the token's secret.")
    return environ[name]


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ServingError(f"{key!r} is not a text.", hint=f'Write it in quotes: {key} = "…".')


def _texts(table: Mapping[str, Any], key: str, default: list[str]) -> list[str]:
    value = table.get(key, default)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise ServingError(f"{key!r} is not a list of texts.", hint=f'For example {key} = ["…", "…"].')


def _check_keys(names: Iterable[str], known: Iterable[str]) -> None:
    known = frozenset(known)
    for name in names:
        if name not in known:
            error = UnknownNameError.of("key", name[:40], known)
            raise ServingError(error.message, hint=error.hint)


def _check_secrets(tokens: Iterable[Token]) -> None:
    numbers: dict[str, int] = {}
    for number, token in enumerate(tokens, start=1):
        first = numbers.setdefault(token.secret, number)
        if first != number:
            raise ServingError(f"Tokens {first} and {number} have the same secret.", hint="Draw one for each.")
