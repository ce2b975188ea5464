"""Faults that a model server puts into a status or an error body, and answers that are none."""

import json

from tests.servers.fault import KEY, SAID, Fault, broken, error, said
from tests.servers.script import Script

_HTML = f"<html><head><title>502 Bad Gateway {KEY}</title></head><body><h1>nginx</h1></body></html>"
_WELCOME = f"<!doctype html><title>Welcome {KEY}</title>"
_DOCUMENT = json.dumps(
    {
        "choices": [
            {"message": {"role": "assistant", "content": "[[ ## body ## ]]\nOwls hoot."}, "finish_reason": "stop"}
        ]
    }
)
_HERE = "/v1/chat/completions"


def _refused(name: str, item: str, status: int, body: str, says: str) -> Fault:
    return Fault(name, item, "refused", [Script(status=status, body=body)], says=says, keeps=True)


def _busy(name: str, item: str, status: int, body: str, **headers: str) -> Fault:
    script = Script(status=status, body=body, headers={key.replace("_", "-"): value for key, value in headers.items()})
    return Fault(name, item, "busy", [script], shown=("", ""), says=f"answered {status}", keeps=True)


REFUSALS = (
    _refused("unauthorized", "401", 401, error("Incorrect API key provided"), "answered 401"),
    _refused("unknown-model", "404", 404, error("The model does not exist", code="model_not_found"), "answered 404"),
    _refused(
        "context-length",
        "400 context length",
        400,
        error("This model's maximum context length is 8192 tokens", code="context_length_exceeded"),
        "maximum context length",
    ),
    _refused("forbidden", "401", 403, f"forbidden for {KEY}", "answered 403"),
    _refused("too-large", "400 context length", 413, "", "answered 413"),
    _refused(
        "quota", "quota 429", 429, error("You exceeded your current quota", code="insufficient_quota"), "current quota"
    ),
    _busy("request-timeout", "408", 408, error("Request timed out")),
    _busy("rate-limit", "429 without Retry-After", 429, error("Slow down", code="rate_limit_exceeded")),
    _busy("rate-limit-told", "429 with Retry-After", 429, error("Slow down"), Retry_After="0"),
    _busy("rate-limit-told-ms", "429 with Retry-After", 429, error("Slow down"), retry_after_ms="10"),
    _busy("rate-limit-ages", "429 with an absurd Retry-After", 429, error("Slow down"), Retry_After="31536000000"),
    _busy(
        "rate-limit-far-date",
        "429 with an absurd Retry-After",
        429,
        error("Slow down"),
        Retry_After="Fri, 31 Dec 9999 23:59:59 GMT",
    ),
    _busy("rate-limit-infinite", "429 with an absurd Retry-After", 429, error("Slow down"), Retry_After="inf"),
    _busy("rate-limit-huge", "429 with an absurd Retry-After", 429, error("Slow down"), Retry_After="9" * 400),
    Fault(
        "rate-limit-once",
        "429 with Retry-After",
        "harmless",
        [Script(status=429, body=error("Slow down"), headers={"Retry-After": "0"}), Script(steps=[said()])],
        status="completed",
        code=None,
        shown=("", SAID),
        keeps=True,
    ),
    _busy("server-error", "500", 500, error("The server had an error", type="server_error")),
    _busy("server-error-empty", "500", 500, ""),
    _busy("bad-gateway", "502 with HTML", 502, _HTML),
    _busy("unavailable", "503", 503, f"upstream {KEY} is down"),
    _busy("overloaded", "529", 529, error("Overloaded", type="overloaded_error")),
    Fault(
        "endless-error",
        "64 MiB line",
        "busy",
        [broken(("fill", ["x", 2**26]), status=500)],
        shown=("", ""),
        says="answered 500",
    ),
    Fault(
        "redirect-loop",
        "redirect loops",
        "refused",
        [Script(status=307, body="", headers={"Location": f"{_HERE}?key={KEY}"})],
        says="redirects are not followed",
        keeps=True,
    ),
    Fault(
        "redirect-elsewhere",
        "redirect loops",
        "refused",
        [Script(status=302, body=KEY, headers={"Location": f"https://{KEY}@other.example/{KEY}{_HERE}"})],
        says="redirects are not followed",
        keeps=True,
    ),
    Fault("page", "HTML with status 200", "no answer", [Script(body=_WELCOME)], says="a web page", keeps=True),
    Fault(
        "document",
        "JSON instead of SSE",
        "harmless",
        [Script(body=_DOCUMENT)],
        status="completed",
        code=None,
        shown=("Owls hoot.",),
        keeps=True,
    ),
    Fault(
        "document-as-stream",
        "JSON instead of SSE",
        "harmless",
        [Script(body=_DOCUMENT, headers={"Content-Type": "text/event-stream"})],
        status="completed",
        code=None,
        shown=("Owls hoot.",),
        keeps=True,
    ),
    Fault(
        "half-a-document",
        "JSON instead of SSE",
        "no answer",
        [Script(body=_DOCUMENT[:40])],
        says="not JSON",
        keeps=True,
    ),
    Fault(
        "document-without-choices",
        "JSON instead of SSE",
        "lasting error in the stream",
        [Script(body=f'{{"choices": [], "id": "{KEY}"}}')],
        says="reported an error",
        keeps=True,
    ),
    Fault(
        "error-document",
        "JSON instead of SSE",
        "lasting error in the stream",
        [Script(body=error("Something is wrong"))],
        says="Something is wrong",
        keeps=True,
    ),
    Fault(
        "plain-text",
        "HTML with status 200",
        "no answer",
        [Script(body=f"OK {KEY}")],
        says="not with a stream",
        keeps=True,
    ),
    Fault(
        "key-as-content-type",
        "HTML with status 200",
        "no answer",
        [Script(body="OK", headers={"Content-Type": f"text/{KEY}"})],
        says="not with a stream",
        keeps=True,
    ),
)
