"""Faults of connections and of time: refused, closed, reset, silent, slow."""

from tests.servers.fault import DEADLINE_S, HEADER, KEY, NEVER, SAID, Deadline, Fault, broken, chunk, error, said, seen
from tests.servers.script import Script, Step

_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_SIZED = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100000\r\n\r\n"
_EVENT = f"data: {chunk(HEADER + SAID)}\n\n"
_FINISH = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
_IN_A_CHUNK: Step = ("raw", f"{_HEAD}{len(_EVENT) + 1000:x}\r\n{_EVENT}")
_WHOLE_CHUNK: Step = ("raw", f"{_HEAD}{len(_EVENT):x}\r\n{_EVENT}\r\n")
_TWICE = (SAID, SAID)


def _no_connection(name: str, item: str, *, status_line: str = "", is_reset: bool = False) -> Fault:
    steps: list[Step] = [("raw", status_line)] if status_line else []
    script = broken(*steps, ("drop" if is_reset else "close", None))
    return Fault(name, item, "broken connection", [script], code="FLK-MODEL-TRANSPORT", shown=("", ""), says="broke")


def _breaks(name: str, item: str, start: Step, *, is_reset: bool) -> Fault:
    """Break after `start`: at once where the connection is closed, when all was seen where it is reset.

    A reset may overtake what was sent before it.
    """
    end: Step = ("drop" if is_reset else "close", None)
    scripts = [broken(start, seen(attempt), end) for attempt in (1, 2)] if is_reset else [broken(start, end)]
    return Fault(name, item, "broken connection", scripts, code="FLK-MODEL-TRANSPORT", shown=_TWICE, says="broke after")


def _silent(name: str, item: str, deadline: Deadline, *steps: Step, shown: str = "") -> Fault:
    is_total = deadline == "total_timeout_s"
    return Fault(
        name,
        item,
        "too slow" if is_total else "silence",
        [broken(*steps)],
        status="timed_out",
        code="FLK-MODEL-DEADLINE",
        shown=(shown,) if is_total else (shown, shown),
        says={"first_token_timeout_s": "sent no token", "progress_timeout_s": "made no progress"}.get(
            deadline, "did not finish"
        ),
        deadline=deadline,
    )


def _cut(name: str, item: str, *steps: Step, shown: str = SAID) -> Fault:
    return Fault(
        name,
        item,
        "cut off",
        [broken(*steps)],
        code="FLK-MODEL-TRUNCATED",
        shown=(shown, shown),
        says="the answer is cut off",
        keeps=steps[-1][0] != "close",
    )


CONNECTIONS = (
    Fault(
        "refused-connection",
        "accept and close",
        "no connection",
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        says="it was refused",
        door="refuse",
    ),
    Fault(
        "no-place",
        "hang before headers",
        "no connection in time",
        status="timed_out",
        code="FLK-MODEL-DEADLINE",
        shown=("", ""),
        says="No connection to",
        door="full",
        deadline="connect_timeout_s",
    ),
    Fault(
        "accept-and-close",
        "accept and close",
        "broken connection",
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        says="broke after 0 characters",
        door="close",
    ),
    Fault(
        "accept-and-reset",
        "reset before headers",
        "broken connection",
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        says="127.0.0.1",
        door="reset",
    ),
    _no_connection("close-before-headers", "accept and close"),
    _no_connection("reset-before-headers", "reset before headers", is_reset=True),
    _no_connection("close-inside-headers", "accept and close", status_line="HTTP/1.1 200 OK\r\nContent-"),
    Fault(
        "other-protocol",
        "accept and close",
        "not HTTP",
        [broken(("raw", f"220 {'x' * 60} {KEY} ready\r\n\r\n"), ("close", None))],
        code="FLK-MODEL-TRANSPORT",
        says="proper HTTP",
    ),
    Fault(
        "endless-header",
        "64 MiB line",
        "not HTTP",
        [broken(("raw", f"HTTP/1.1 200 OK\r\nX-Key: {KEY}"), ("raw", "x" * 2**20), NEVER)],
        code="FLK-MODEL-TRANSPORT",
        says="proper HTTP",
    ),
    Fault(
        "broken-chunk",
        "reset mid-chunk",
        "broken connection",
        [broken(_WHOLE_CHUNK, seen(attempt), ("raw", "ZZ\r\n"), NEVER) for attempt in (1, 2)],
        code="FLK-MODEL-TRANSPORT",
        shown=_TWICE,
        says="broke after",
    ),
    _breaks("reset-mid-stream", "reset mid-stream", said(), is_reset=True),
    _breaks("reset-mid-chunk", "reset mid-chunk", _IN_A_CHUNK, is_reset=True),
    _breaks("dirty-truncation", "dirty truncation", said(), is_reset=False),
    _breaks("dirty-truncation-mid-chunk", "dirty truncation", _IN_A_CHUNK, is_reset=False),
    _breaks("dirty-truncation-by-length", "dirty truncation", ("raw", _SIZED + _EVENT), is_reset=False),
    Fault(
        "error-that-breaks",
        "dirty truncation",
        "busy",
        [broken(("raw", f'HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\n{{"error": "{KEY}'), ("close", None))],
        shown=("", ""),
        says="answered 500",
    ),
    Fault(
        "document-that-breaks",
        "dirty truncation",
        "broken connection",
        [broken(("raw", _SIZED + '{"choices": [{"message"'), ("close", None))],
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        says="broke after",
    ),
    _cut("clean-truncation", "clean truncation", said(), ("end", None)),
    _cut(
        "clean-truncation-by-close",
        "clean truncation",
        ("raw", f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{_EVENT}"),
        ("close", None),
    ),
    _cut("truncation-inside-event", "truncation inside an event", said(), ("bytes", 'data: {"choi'), ("end", None)),
    _cut("early-done", "early [DONE]", said(), ("done", None), ("end", None)),
    _cut("empty-stream", "empty stream", ("headers", None), ("end", None), shown=""),
    _cut("only-done", "empty stream", ("done", None), ("end", None), shown=""),
    Fault(
        "silent-door",
        "hang before headers",
        "silence",
        status="timed_out",
        code="FLK-MODEL-DEADLINE",
        shown=("", ""),
        says="sent no token",
        door="silent",
        deadline="first_token_timeout_s",
    ),
    _silent("hang-before-headers", "hang before headers", "first_token_timeout_s", NEVER),
    _silent(
        "hang-before-first-token", "hang before the first token", "first_token_timeout_s", ("headers", None), NEVER
    ),
    _silent("hang-mid-stream", "hang mid-stream", "progress_timeout_s", said(), NEVER, shown=SAID),
    _silent(
        "hang-inside-event",
        "hang mid-stream",
        "progress_timeout_s",
        said(),
        ("bytes", 'data: {"choi'),
        NEVER,
        shown=SAID,
    ),
    _silent("hang-past-the-end", "hang mid-stream", "total_timeout_s", said(), NEVER, shown=SAID),
    _silent("pings-only", "pings only", "first_token_timeout_s", ("pings", DEADLINE_S / 20)),
    _silent("pings-after-text", "pings only", "progress_timeout_s", said(), ("pings", DEADLINE_S / 20), shown=SAID),
    _silent(
        "slow-drip",
        "slow drip",
        "progress_timeout_s",
        said(),
        ("drip", [f"data: {chunk('x' * 1000)}\n\n", DEADLINE_S / 20]),
        shown=SAID,
    ),
    Fault(
        "hang-in-error",
        "hang mid-stream",
        "silence",
        [broken(("bytes", "wait"), NEVER, status=500)],
        status="timed_out",
        code="FLK-MODEL-DEADLINE",
        shown=("", ""),
        says="sent no token",
        deadline="first_token_timeout_s",
    ),
    Fault(
        "hang-after-last-token",
        "hang after the last token",
        "harmless",
        [broken(("bytes", _EVENT + _FINISH), NEVER)],
        status="completed",
        code=None,
        shown=(SAID,),
        deadline="progress_timeout_s",
    ),
    Fault(
        "hang-after-done",
        "hang after the last token",
        "harmless",
        [broken(("bytes", f"{_EVENT}{_FINISH}data: [DONE]\n\n"), NEVER)],
        status="completed",
        code=None,
        shown=(SAID,),
        deadline="progress_timeout_s",
    ),
    Fault(
        "unstreamed-hang",
        "hang before headers",
        "too slow",
        [broken(NEVER)],
        status="timed_out",
        code="FLK-MODEL-DEADLINE",
        says="did not finish",
        deadline="total_timeout_s",
        stream=False,
    ),
    Fault(
        "unstreamed-document-that-breaks",
        "dirty truncation",
        "broken connection",
        [broken(("raw", _SIZED + '{"choices": [{"message"'), ("close", None))],
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        says="broke after",
        stream=False,
    ),
    Fault(
        "unstreamed-stream",
        "JSON instead of SSE",
        "harmless",
        [broken(said(), ("finish", "stop"))],
        status="completed",
        code=None,
        shown=(SAID,),
        stream=False,
        keeps=True,
    ),
    Fault(
        "provider-refused-connection",
        "accept and close",
        "no connection",
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        says="failed to connect",
        door="refuse",
        provider="anthropic",
    ),
    Fault(
        "provider-accept-and-close",
        "accept and close",
        "broken connection",
        code="FLK-MODEL-TRANSPORT",
        shown=("", ""),
        door="close",
        provider="anthropic",
    ),
    Fault(
        "provider-silent-door",
        "hang before headers",
        "too slow",
        status="timed_out",
        code="FLK-MODEL-DEADLINE",
        says="did not finish",
        door="silent",
        provider="anthropic",
        deadline="total_timeout_s",
    ),
    Fault(
        "provider-unknown-address",
        "404",
        "refused",
        [Script()],
        says="No /v1/messages here",
        provider="anthropic",
        keeps=True,
    ),
    Fault(
        "kept-alive",
        "connections kept alive",
        "harmless",
        [Script(status=500, body=error("Again")), Script(steps=[said()])],
        status="completed",
        code=None,
        shown=("", SAID),
        connections=1,
        keeps=True,
    ),
    Fault(
        "closed-between-requests",
        "connections closed between requests",
        "harmless",
        [Script(status=500, body=error("Again"), keep_alive=False), Script(steps=[said()])],
        status="completed",
        code=None,
        shown=("", SAID),
        connections=2,
        keeps=True,
    ),
    Fault(
        "closed-when-used-again",
        "connections closed between requests",
        "harmless",
        [Script(status=500, body=error("Again")), broken(("close", None)), Script(steps=[said()])],
        status="completed",
        code=None,
        shown=("", "", SAID),
        max_retries=2,
        connections=2,
        keeps=True,
    ),
)
