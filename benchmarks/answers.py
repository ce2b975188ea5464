"""Prepared answers of the model server: OpenAI's chunks in HTTP chunks, their stamps still blank."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate

from benchmarks.cells import Adapter
from benchmarks.stamps import NANOSECONDS, STREAM, blank_token

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\n"
    b"x-request-id: req_benchmark\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"


class Answer:
    """All pieces of one answer in one block of bytes: what is sent of it is a slice with the stamps written in."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._block = b"".join(pieces)
        self._ends = [0, *accumulate(map(len, pieces))]

    def __len__(self) -> int:
        """How many pieces there are."""
        return len(self._ends) - 1

    def pieces(self, start: int, end: int, *, stream: int, now_ns: int) -> bytes:
        """Give a range of pieces as they are sent now."""
        blank = self._block[self._ends[start] : self._ends[min(end, len(self))]]
        return blank.replace(STREAM, b"%06d" % (stream % 1_000_000)).replace(NANOSECONDS, b"%019d" % now_ns)


@cache
def prepare(adapter: Adapter, fields: tuple[str, ...], tokens: int) -> Answer:
    """Make the answer with so many stamped tokens, spread over the fields, the rest in the last one."""
    contents = list(_contents(adapter, fields, tokens))
    begin: dict[str, str | None] = {"role": "assistant", "content": "", "refusal": None}
    usage = {"prompt_tokens": 100, "completion_tokens": len(contents), "total_tokens": 100 + len(contents)}
    return Answer(
        [
            _piece(_chunk([_choice(begin, None)])),
            *(_piece(_chunk([_choice({"content": text}, None)])) for text in contents),
            _piece(_chunk([_choice({}, "stop")])),
            _piece({**_chunk([]), "usage": usage}),
            _http_chunk(b"data: [DONE]\n\n") + END,
        ]
    )


def _contents(adapter: Adapter, fields: Sequence[str], tokens: int) -> Iterator[str]:
    """Give the model's tokens: the adapter's own ones unstamped, the fields' text stamped."""
    share = tokens // len(fields)
    for place, field in enumerate(fields):
        end = tokens if place == len(fields) - 1 else (place + 1) * share
        yield from _opening(adapter, field, is_first=place == 0)
        yield from map(blank_token, range(place * share, end))
    yield from {"chat": ("\n\n", "[[", " ##", " completed", " ##", " ]]"), "json": ('"', "}")}[adapter]


def _opening(adapter: Adapter, field: str, *, is_first: bool) -> Sequence[str]:
    match adapter:
        case "chat":
            return (*(() if is_first else ("\n\n",)), "[[", " ##", f" {field}", " ##", " ]]", "\n")
        case "json":
            return ("{" if is_first else '",', ' "', field, '":', ' "')


def _chunk(choices: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": "chatcmpl-9xKq2TzVbN4mWcYhLpRsDfGjA7eU1",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": "gpt-4o-mini-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_benchmark",
        "choices": choices,
    }


def _choice(delta: Mapping[str, str | None], finish_reason: str | None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _piece(chunk: dict[str, object]) -> bytes:
    return _http_chunk(b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n")


def _http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
