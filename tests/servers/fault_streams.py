"""Faults inside a stream of events: errors, broken JSON, strange bytes, sizes, and the protocol's odd corners."""

import json
from collections.abc import Mapping
from typing import Any

from flock.events import OutputType
from tests.servers.fault import KEY, SAID, Fault, FaultClass, broken, chunk, error, latin, said, seen
from tests.servers.script import Script, Step

_LONG = "Grün 😀\u2028 и совы \u1680 hoot"
_MIB = 2**20
_SSE = {"Content-Type": "text/event-stream"}
_HIGH_HALF = chunk("\ud83d")
_CHOICES = json.dumps([{"delta": {"content": "b"}}])


def _harmless(
    name: str, item: str, script: Script, *, shown: str = SAID, beside: Mapping[OutputType, str] | None = None
) -> Fault:
    return Fault(
        name,
        item,
        "harmless",
        [script],
        status="completed",
        code=None,
        shown=(shown,),
        beside=beside or {},
        keeps=True,
    )


def _whole(*steps: Step, text: str = SAID, **settings: Any) -> Script:
    """Say something, then these steps, then the proper end."""
    return Script(steps=[said(text), *steps], **settings)


def _fails(
    name: str, item: str, of_class: FaultClass, *steps: Step, says: str, shown: str = SAID, is_retried: bool = False
) -> Fault:
    attempts = (1, 2) if is_retried else (1,)
    return Fault(name, item, of_class, [broken(*steps)], shown=[shown for _ in attempts], says=says, keeps=True)


def _no_answer(name: str, item: str, *steps: Step, says: str) -> Fault:
    return _fails(name, item, "no answer", said(), *steps, says=says)


def _data(data: str) -> Step:
    return "data", data


STREAMS = (
    _fails(
        "error-mid-stream",
        "error object mid-stream",
        "lasting error in the stream",
        said(),
        _data(error("Content was blocked")),
        says="Content was blocked",
    ),
    _fails(
        "passing-error-mid-stream",
        "error object mid-stream",
        "passing error in the stream",
        said(),
        _data(error("Overloaded", type="server_error")),
        says="Overloaded",
        is_retried=True,
    ),
    _fails(
        "error-event-mid-stream",
        "error object mid-stream",
        "passing error in the stream",
        said(),
        ("bytes", f"event: error\ndata: {error('Later', code=503)}\n\n"),
        says="Later",
        is_retried=True,
    ),
    _fails(
        "error-of-odd-type",
        "error object mid-stream",
        "lasting error in the stream",
        said(),
        _data('{"error": {"message": {"a": 1}, "type": {"b": 2}, "code": [503]}}'),
        says="reported an error",
    ),
    _no_answer("malformed-json", "malformed JSON", _data(f'{{"choices": [{KEY}'), says="not JSON"),
    _no_answer("array", "non-object JSON", _data("[]"), says="no chat completion"),
    _no_answer("number", "non-object JSON", _data("1"), says="no chat completion"),
    _no_answer("null", "non-object JSON", _data("null"), says="not JSON"),
    _no_answer("wrong-types", "non-object JSON", _data('{"choices": {"a": 1}}'), says="no chat completion"),
    _harmless("empty-data", "empty data", _whole(_data(""), ("bytes", "data\n\ndata:\n\n"))),
    _no_answer("deep-json", "deep JSON", _data('{"choices":' + "[" * 200_000), says="not JSON"),
    _harmless("deep-unknown-member", "deep JSON", _whole(_data('{"extra":' + "[" * 500 + "]" * 500 + "}"))),
    Fault(
        "deep-error",
        "deep JSON",
        "busy",
        [Script(status=500, body='{"error":' + "[" * 900 + "]" * 900 + "}")],
        shown=("", ""),
        says="answered 500",
        keeps=True,
    ),
    _harmless("deep-usage", "deep JSON", _whole(_data('{"usage": {"a": ' + "[" * 900 + "]" * 900 + "}}"))),
    _harmless(
        "huge-integers",
        "huge integers",
        _whole(_data(f'{{"created": {"9" * 4000}, "choices": [], "usage": {{"completion_tokens": {"9" * 400}}}}}')),
    ),
    _harmless(
        "huge-usage", "huge integers", _whole(_data(f'{{"usage": {{"a": {2**64}, "b": -{2**80}, "c": 1e999}}}}'))
    ),
    _no_answer("huge-index", "huge integers", _data(f'{{"choices": [{{"index": "{"9" * 40}"}}]}}'), says="no chat"),
    _harmless(
        "invalid-utf8",
        "invalid UTF-8",
        broken(said("a"), ("bytes", 'data: {"choices":[{"delta":{"content":"\xff\xc3"}}]}\n\n'), ("finish", "stop")),
        shown="a\ufffd\ufffd",
    ),
    _harmless("split-utf8", "UTF-8 split at every byte", _whole(text=_LONG, split_bytes=1), shown=_LONG),
    _harmless(
        "split-utf8-crlf", "UTF-8 split at every byte", _whole(text=_LONG, split_bytes=1, newline="\r\n"), shown=_LONG
    ),
    *(
        _harmless(
            f"split-at-random-{seed}", "UTF-8 split at every byte", _whole(text=_LONG, split_seed=seed), shown=_LONG
        )
        for seed in range(3)
    ),
    _harmless(
        "split-surrogates",
        "surrogate escapes split over deltas",
        broken(said("a"), _data(_HIGH_HALF), _data(chunk("\ude00 b")), ("finish", "stop")),
        shown="a😀 b",
    ),
    _harmless(
        "lone-surrogates",
        "lone surrogates",
        broken(said("a"), _data(_HIGH_HALF), _data(chunk("b\ude00c")), _data(_HIGH_HALF), ("finish", "stop")),
        shown="a\ufffdb\ufffdc\ufffd",
    ),
    Fault(
        "lone-surrogate-cut-off",
        "lone surrogates",
        "cut off",
        [broken(said("a"), _data(_HIGH_HALF), ("end", None))],
        code="FLK-MODEL-TRUNCATED",
        shown=("a\ufffd", "a\ufffd"),
        says="cut off",
        keeps=True,
    ),
    _harmless("nul", "NUL", _whole(text="a\0b"), shown="a\0b"),
    _harmless("raw-nul", "NUL", _whole(("bytes", ": \0\n\0\n\n"))),
    _harmless("bom", "BOM", Script(steps=[("bytes", latin("\ufeff")), said("a\ufeffb")]), shown="a\ufeffb"),
    _harmless("cr", "CR", _whole(newline="\r", text="a\rb"), shown="a\rb"),
    _harmless("crlf", "CRLF", _whole(newline="\r\n", text="a\r\nb"), shown="a\r\nb"),
    _harmless("line-separators", "U+2028", _whole(text="a\u2028b\u2029c\x85d\x0be"), shown="a\u2028b\u2029c\x85d\x0be"),
    _harmless("comments", "comments", _whole(("comment", "ping"), ("comment", ""), ("bytes", ":\n:\n\n"))),
    _harmless(
        "multi-line-data",
        "multi-line data",
        broken(
            said("a"),
            ("bytes", f'data: {{"choices":\ndata:{_CHOICES}}}\n\n'),
            ("finish", "stop"),
        ),
        shown="ab",
    ),
    _harmless(
        "fields",
        "retry and id fields",
        broken(
            said("a"),
            ("bytes", f"retry: 10\nid: 7\nevent: message\nunknown: x\ndata: {chunk('b')}\n\n"),
            ("finish", "stop"),
        ),
        shown="ab",
    ),
    _harmless("large-delta", "1 MiB delta", _whole(text="x" * _MIB), shown="x" * _MIB),
    _no_answer("endless-line", "64 MiB line", ("bytes", "data: "), ("fill", ["x", 64 * _MIB]), says="more than"),
    _no_answer("endless-comment", "64 MiB line", ("bytes", ": "), ("fill", ["x", 64 * _MIB]), says="more than"),
    _fails(
        "endless-document",
        "64 MiB line",
        "no answer",
        ("bytes", '{"choices": "'),
        ("fill", ["x", 64 * _MIB]),
        says="more than",
        shown="",
    ),
    Fault(
        "gzip-bomb",
        "gzip bomb",
        "no answer",
        [broken(("gzip", ["x", 64 * _MIB]), headers={**_SSE, "Content-Encoding": "gzip"})],
        says="Content-Encoding",
    ),
    Fault(
        "gzip-bomb-as-error",
        "gzip bomb",
        "busy",
        [broken(("gzip", ["x", 64 * _MIB]), status=500, headers={"Content-Encoding": "gzip"})],
        shown=("", ""),
        says="answered 500",
    ),
    Fault(
        "gzip-bomb-in-disguise",
        "gzip bomb",
        "cut off",
        [broken(("gzip", ["x", 64 * _MIB]))],
        code="FLK-MODEL-TRUNCATED",
        shown=("", ""),
        says="cut off",
        keeps=True,
    ),
    _harmless(
        "usage-chunk", "usage chunk with empty choices", _whole(("usage", None), ("usage", {"completion_tokens": 3}))
    ),
    _harmless("null-content", "null content", _whole(("delta", {"content": None}), _data('{"choices": null}'))),
    _harmless("repeated-role", "role repeated", _whole(("delta", {"role": "assistant", "content": ""}))),
    _harmless(
        "several-choices",
        "several choices",
        _whole(_data('{"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}')),
    ),
    _harmless("duplicate-finish", "duplicate finish", _whole(("finish", "stop"), ("finish", "length"))),
    _harmless(
        "text-after-finish",
        "text after finish",
        broken(said("a"), ("finish", "stop"), ("text", "b"), ("finish", "stop"), ("done", None)),
        shown="ab",
    ),
    _harmless("no-done", "missing [DONE]", _whole(with_done=False)),
    _harmless("no-usage-no-done", "missing [DONE]", _whole(with_done=False, with_usage=False)),
    _harmless("two-dones", "doubled [DONE]", broken(said(), ("finish", "stop"), ("done", None), ("done", None))),
    *(
        Fault(
            f"ends-for-{reason.replace('_', '-')}",
            reason,
            "ended by the provider",
            [_whole(finish_reason=reason)],
            code="FLK-MODEL-TRUNCATED",
            shown=(SAID,),
            says=says,
            keeps=True,
        )
        for reason, says in (("length", "length limit"), ("content_filter", "content filter"))
    ),
    *(
        _harmless(
            f"{name}-spelling",
            "reasoning in both spellings",
            Script(steps=[(name, "Let me "), (name, "think"), said()]),
            beside={"reasoning": "Let me think"},
        )
        for name in ("reasoning", "reasoning_content")
    ),
    _harmless(
        "tool-calls",
        "tool calls in fragments",
        _whole(
            ("tool_call", {"index": 0, "id": "a", "function": {"name": "search", "arguments": '{"q'}}),
            ("tool_call", {"index": 0, "function": {"arguments": '":1}'}}),
            text="Owls hoot.",
            finish_reason="tool_calls",
        ),
        shown="Owls hoot.",
        beside={"tool_call": 'search {"q":1}'},
    ),
    Fault(
        "wrong-format",
        "wrong format",
        "does not fit",
        [Script(steps=[("words", "Owls hoot at night.")])],
        code="FLK-FORMAT",
        shown=("", ""),
        beside={"log": "Owls hoot at night."},
        says="none of the fields",
        keeps=True,
    ),
    Fault(
        "empty-answer",
        "empty stream",
        "does not fit",
        [Script(steps=[])],
        code="FLK-FORMAT",
        shown=("", ""),
        says="it is empty",
        keeps=True,
    ),
    Fault(
        "refusal",
        "refusal",
        "refusal",
        [Script(steps=[("delta", {"refusal": "I will "}), ("delta", {"refusal": "not."})])],
        says="I will not.",
        keeps=True,
    ),
    Fault(
        "refusal-mid-stream",
        "refusal",
        "refusal",
        [_whole(("delta", {"refusal": "No more."}), seen(1))],
        shown=(SAID,),
        says="No more.",
        keeps=True,
    ),
)
