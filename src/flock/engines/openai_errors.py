"""What an OpenAI-compatible server's failures mean: its error bodies and statuses as `ModelError`s; knows no I/O."""

import email.utils
import html
import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from flock.errors import ModelError
from flock.redaction import Redactor

MAX_MESSAGE_CHARS = 500

RETRYABLE_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Worth another try later. 520 to 524 are Cloudflare's words for an origin that did not answer, 529 is "overloaded"."""

_RETRYABLE_KINDS = frozenset({"server_error", "api_error", "overloaded_error", "rate_limit_error", "timeout_error"})
_PAYMENT_WORDS = ("quota", "billing", "credit")

_HINTS = {
    401: "Is the API key right, and is it one for this server?",
    402: "The account behind the API key has to be paid up.",
    403: "The API key has no access to this model or server.",
    404: "Is the model's name right, and does base_url end where /chat/completions follows (often in /v1)?",
    413: "The prompt is too large for this server.",
}


def status_error(
    status: int, body: bytes, *, headers: Mapping[str, str], subject: str, model: str, redactor: Redactor
) -> ModelError:
    """Give the error for a response of HTTP `status` whose `body` may be JSON, HTML or text."""
    document = _parse(body)
    said = error_message(document) or _text_of(body.decode("utf-8", "replace"))
    what = f"{subject} answered {status} to a call of model {model!r}"
    is_retryable = status in RETRYABLE_STATUSES and not (status == 429 and _is_about_payment(document))
    return ModelError(
        f"{what}: {_readable(said, redactor)}" if said else f"{what}.",
        status=status,
        retryable=is_retryable,
        retry_after_s=retry_after_s(headers),
        hint=_HINTS.get(status),
    )


def stream_error(document: object, *, text: str, subject: str, redactor: Redactor) -> ModelError:
    """Give the error for what came instead of an answer: the JSON `document`, or else its `text`."""
    said = error_message(document) or text
    inner = _inner(document)
    code, kind = inner.get("code"), inner.get("type")
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    is_retryable = status in RETRYABLE_STATUSES or (isinstance(kind, str) and kind in _RETRYABLE_KINDS)
    return ModelError(
        f"{subject} reported an error: {_readable(said, redactor)}",
        status=status,
        retryable=is_retryable and not _is_about_payment(document),
    )


def error_message(document: object) -> str | None:
    """Give the message of an error body in any of the shapes servers use, `None` when it is no error body."""
    match document:
        case {"error": {"message": str(message)}} | {"error": str(message)}:
            return message
        case {"error": error} if error:
            return json.dumps(error, ensure_ascii=False)
        case {"object": "error", "message": str(message)} | {"type": "error", "message": str(message)}:
            return message
        case {"detail": str(message)}:
            return message
        case {"detail": list() as detail} if detail:
            return json.dumps(detail, ensure_ascii=False)
        case {"message": str(message)}:
            return message
        case [{"error": _} as first, *_]:
            return error_message(first)
        case _:
            return None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Give the seconds a server asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date."""
    milliseconds = _positive(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("Retry-After")
    seconds = _positive(value)
    if seconds is not None or value is None:
        return seconds
    try:
        at = email.utils.parsedate_to_datetime(value)
        return max(0.0, at.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def page_title(text: str) -> str:
    """Give the title (or first heading) of a web page, "" when it has none."""
    for pattern in (r"<title[^>]{0,200}>([^<]{1,500})", r"<h1[^>]{0,200}>([^<]{1,500})"):
        if found := re.search(pattern, text, re.IGNORECASE):
            return html.unescape(found[1]).strip()
    return ""


def _readable(text: str, redactor: Redactor) -> str:
    """Give a foreign text as one line: redacted, printable, at most `MAX_MESSAGE_CHARS` long."""
    text = redactor.redact(text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= MAX_MESSAGE_CHARS else f"{text[: MAX_MESSAGE_CHARS - 1]}…"


def _parse(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _text_of(body: str) -> str:
    if body.lstrip()[:1] != "<":
        return body
    return page_title(body) or "a web page without a title"


def _inner(document: object) -> dict[str, Any]:
    match document:
        case {"error": dict() as error}:
            return error
        case dict():
            return document
        case [{"error": dict() as error}, *_]:
            return error
        case _:
            return {}


def _is_about_payment(document: object) -> bool:
    """Whether a 429 means "pay", which no waiting cures.

    Only codes and types count: Google's message of an ordinary rate limit speaks of quota and billing, too.
    """
    inner = _inner(document)
    words = f"{inner.get('code')} {inner.get('type')}".lower()
    return any(word in words for word in _PAYMENT_WORDS)


def _positive(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else -1.0
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
