"""Chunks of chat completions become calls of a sink, whatever servers make of the format."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.engines.model import Completion
from flock.engines.openai_chunks import ChunkDecoder, token_text
from flock.engines.sse import ServerSentEvent
from flock.errors import ModelError, TruncatedError
from flock.redaction import Redactor


@dataclass
class Heard:
    """A sink that remembers."""

    texts: list[str] = field(default_factory=list)
    reasonings: list[str] = field(default_factory=list)
    tool_calls: list[tuple[int, str | None, str]] = field(default_factory=list)

    def text(self, text: str) -> None:
        self.texts.append(text)

    def reasoning(self, text: str) -> None:
        self.reasonings.append(text)

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        self.tool_calls.append((index, name, arguments))


def delta(**members: Any) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": members}]})


def finish(reason: str = "stop") -> str:
    return json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def hear(*events: str | bytes, end: bool = True) -> tuple[Heard, Completion]:
    heard = Heard()
    decoder = ChunkDecoder(heard)
    for data in [*events, *([finish(), "[DONE]"] if end else [])]:
        decoder.feed(ServerSentEvent(data if isinstance(data, bytes) else data.encode()))
    return heard, decoder.completion()


def test_text_is_pushed_piece_by_piece() -> None:
    heard, completion = hear(
        delta(role="assistant", content=""), delta(role="assistant", content="Hel"), delta(content="lo")
    )

    assert heard.texts == ["Hel", "lo"]
    assert completion == Completion("stop")


@pytest.mark.parametrize(
    "chunk",
    [
        '{"choices": [{"index": 0, "delta": {"content": "owl"}, "finish_reason": null}]}',
        '{"choices": [{"delta": {"content": "owl", "reasoning_content": null, "tool_calls": null}}]}',
        '{"usage": null, "choices": [{"delta": {"content": "owl"}, "logprobs": null, "stop_reason": null}]}',
    ],
)
def test_a_chunk_that_is_nothing_but_text_is_a_token(chunk: str) -> None:
    assert token_text(chunk.encode()) == "owl"


@pytest.mark.parametrize(
    "chunk",
    [
        '{"choices": [{"index": 1, "delta": {"content": "owl"}}]}',
        '{"choices": [{"delta": {"content": "owl"}, "finish_reason": "stop"}]}',
        '{"choices": [{"delta": {"content": "owl", "reasoning": "hm"}}]}',
        '{"choices": [{"delta": {"content": "owl", "news": 1}}]}',
        '{"choices": [{"delta": {"content": "owl"}}, {"delta": {"content": "owl"}}]}',
        '{"choices": [{"delta": {"content": "owl"}}], "usage": {"completion_tokens": 1}}',
        '{"choices": [{"delta": {"content": "\\ud83e"}}]}',
    ],
)
def test_a_chunk_with_more_than_text_is_no_token(chunk: str) -> None:
    assert token_text(chunk.encode()) is None


def test_of_a_server_whose_chunks_say_more_no_token_is_expected_for_ever() -> None:
    heard = Heard()
    decoder = ChunkDecoder(heard)
    expected = []
    for number in range(20):
        expected.append(decoder.expects_token)
        chunk = {
            "model": "m",
            "choices": [{"delta": {"content": f"{number} "}}],
            "usage": {"completion_tokens": number},
        }
        decoder.feed(ServerSentEvent(json.dumps(chunk).encode()))
    assert expected == [False, False, *[True] * 8, *[False] * 10]
    assert "".join(heard.texts) == " ".join(map(str, range(20))) + " "


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls", "stop", "something_new"])
def test_the_finish_reason_is_reported_as_the_server_says(reason: str) -> None:
    _, completion = hear(delta(content="x"), finish(reason), end=False)

    assert completion.finish_reason == reason


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_comes_under_both_names(name: str) -> None:
    heard, _ = hear(delta(**{name: "hmm"}), delta(content="x"))

    assert (heard.reasonings, heard.texts) == (["hmm"], ["x"])


def test_reasoning_sent_under_both_names_at_once_is_pushed_once() -> None:
    assert hear(delta(reasoning="hmm", reasoning_content="hmm"))[0].reasonings == ["hmm"]


def test_content_may_be_a_list_of_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "b"},
    ]
    heard, _ = hear(delta(content=parts))

    assert (heard.reasonings, heard.texts) == (["hm"], ["a", "b"])


def test_tool_calls_are_pushed_fragment_by_fragment_with_the_name_once() -> None:
    heard, _ = hear(
        delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "search", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"name": "search", "arguments": '{"q":'}}]),
        delta(tool_calls=[{"index": 1, "function": {"name": "read"}}, {"index": 0, "function": {"arguments": "1}"}}]),
    )

    assert heard.tool_calls == [(0, "search", ""), (0, None, '{"q":'), (1, "read", ""), (0, None, "1}")]


def test_tool_calls_without_an_index_follow_one_another() -> None:
    whole = {"function": {"name": "search", "arguments": {"q": 1}}}
    heard, _ = hear(delta(tool_calls=[whole]), delta(tool_calls=[whole]))

    assert heard.tool_calls == [(0, "search", '{"q": 1}'), (1, "search", '{"q": 1}')]


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": []},
        {"choices": None, "usage": None, "error": None},
        {"choices": [{"index": 0, "delta": {"content": None, "tool_calls": None}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": ""}]},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": "stop"}]},
        {"id": 5, "model": None, "x_groq": {"id": "y"}, "choices": [{"logprobs": None, "delta": {"audio": {}}}]},
        {"type": "ping"},
    ],
)
def test_chunks_that_say_nothing_are_no_progress_and_do_no_harm(chunk: dict[str, Any]) -> None:
    heard = Heard()

    assert ChunkDecoder(heard).feed(ServerSentEvent(json.dumps(chunk).encode())) is False
    assert heard == Heard()


@pytest.mark.parametrize("event", [(b"", b"message"), (b"  ", b"message"), (b"2026-01-01", b"ping"), (b"{}", b"ping")])
def test_events_that_are_no_chunks_are_no_progress(event: tuple[bytes, bytes]) -> None:
    assert ChunkDecoder(Heard()).feed(ServerSentEvent(*event)) is False


@pytest.mark.parametrize(
    "chunk",
    [
        delta(content="x"),
        delta(reasoning="x"),
        delta(tool_calls=[{"index": 0, "function": {"name": "x"}}]),
        finish(),
        json.dumps({"choices": [], "usage": {"total_tokens": 3}}),
    ],
)
def test_whatever_the_model_says_is_progress(chunk: str) -> None:
    assert ChunkDecoder(Heard()).feed(ServerSentEvent(chunk.encode())) is True


def test_the_same_usage_repeated_is_no_progress() -> None:
    decoder = ChunkDecoder(Heard())
    usage = ServerSentEvent(b'{"choices":[],"usage":{"total_tokens":3}}')

    assert [decoder.feed(usage), decoder.feed(usage)] == [True, False]


def test_usage_and_the_servers_model_name_are_reported() -> None:
    usage = {"prompt_tokens": 1, "details": {"cached": 0}}
    _, completion = hear(
        json.dumps({"model": "gpt-x-2026", "choices": []}),
        finish(),
        json.dumps({"model": "gpt-x-2026", "choices": [], "usage": usage}),
        "[DONE]",
        end=False,
    )

    assert completion == Completion("stop", usage, "gpt-x-2026")


def test_text_after_the_finish_reason_is_text_and_nothing_follows_done() -> None:
    heard, completion = hear(
        delta(content="a"),
        finish("stop"),
        delta(content="b"),
        finish("length"),
        "[DONE]",
        delta(content="c"),
        end=False,
    )

    assert heard.texts == ["a", "b"]
    assert completion.finish_reason == "stop"


def test_half_characters_are_joined_across_chunks_and_lone_ones_replaced() -> None:
    heard, _ = hear(
        b'{"choices":[{"delta":{"content":"a\\ud83d"}}]}',
        b'{"choices":[{"delta":{"content":"\\ude00b","reasoning":"\\ude00"}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f\\ud83d","arguments":"\\ud83d"}}]}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\\ude00"}}],"content":"\\ud83d"}}]}',
    )

    assert heard.texts == ["a", "😀b", "\ufffd"]
    assert heard.reasonings == ["\ufffd"]
    assert heard.tool_calls == [(0, "f\ufffd", ""), (0, None, "😀")]


@given(st.text(st.characters(exclude_categories=[])), st.data())
def test_any_text_in_any_pieces_arrives_whole_and_valid(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    heard, _ = hear(*(delta(content=piece) for piece in pieces))

    said = "".join(heard.texts)
    said.encode()
    assert said == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_invalid_utf8_is_replaced() -> None:
    assert hear(b'{"choices":[{"delta":{"content":"a\xffb"}}]}')[0].texts == ["a\ufffdb"]


def test_what_only_python_calls_json_is_understood_and_everything_reported_is_valid_text() -> None:
    _, completion = hear(
        b'{"model":"m\\ud83d","choices":[{"finish_reason":"st\\ude00"}],"usage":{"cost":NaN,"k\\ud83d":["\\ud83d"]}}',
        end=False,
    )

    assert completion == Completion("st\ufffd", {"cost": None, "k\ufffd": ["\ufffd"]}, "m\ufffd")


@pytest.mark.parametrize(
    "chunk", [b"{", b"nonsense", b"{}{}", b'{"a":', b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
)
def test_what_is_no_json_is_an_error_that_shows_its_start(chunk: bytes) -> None:
    with pytest.raises(ModelError, match="chunk that is not JSON") as caught:
        hear(chunk)

    assert chunk[:20].decode() in caught.value.message
    assert len(caught.value.message) < 400
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "chunk",
    ["[]", '"text"', "null", "5", '{"choices": "x"}', '{"choices": [{"delta": {"content": 5}}]}', '{"choices":[1]}'],
)
def test_json_that_is_no_chunk_is_an_error(chunk: str) -> None:
    with pytest.raises(ModelError, match=r"no chat completion|not JSON") as caught:
        hear(chunk)

    assert not caught.value.retryable


def test_done_before_the_finish_reason_is_a_truncation() -> None:
    with pytest.raises(TruncatedError, match="after 5 characters, without a finish reason") as caught:
        hear(delta(content="Hello"), "[DONE]", end=False)

    assert caught.value.retryable


@pytest.mark.parametrize(
    ("data", "message", "is_retryable"),
    [
        ('{"error": {"message": "Overloaded", "type": "overloaded_error"}}', "Overloaded", True),
        ('{"error": {"message": "Upstream", "code": 502}, "choices": []}', "Upstream", True),
        ('{"error": {"message": "Too long", "code": "context_length_exceeded"}}', "Too long", False),
        ('{"error": "just text"}', "just text", False),
        ('{"error": {"code": 429, "type": "insufficient_quota", "message": "Pay"}}', "Pay", False),
        ('{"object": "error", "message": "vLLM says", "code": 400}', "vLLM says", False),
        ('{"error": {"reason": "odd"}}', '{"reason": "odd"}', False),
    ],
)
def test_an_error_inside_the_stream_is_raised_with_its_message(data: str, message: str, is_retryable: object) -> None:
    with pytest.raises(ModelError) as caught:
        hear(delta(content="a"), data)

    assert caught.value.message == f"The model server reported an error: {message}"
    assert caught.value.retryable is is_retryable


@pytest.mark.parametrize(
    ("data", "message"),
    [(b'{"message": "gone"}', "gone"), (b"no json", "no json"), (b'{"error": {"message": "x"}}', "x")],
)
def test_an_error_event_is_an_error_whatever_its_data(data: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=f"reported an error: {message}$"):
        ChunkDecoder(Heard()).feed(ServerSentEvent(data, b"error"))


def test_keys_in_messages_are_redacted_before_they_are_cut() -> None:
    decoder = ChunkDecoder(Heard(), redactor=Redactor(["a-very-secret-key"]))
    error = {"error": {"message": "x" * 495 + "a-very-secret-key"}}

    with pytest.raises(ModelError) as caught:
        decoder.feed(ServerSentEvent(json.dumps(error).encode()))
    assert "a-ver" not in caught.value.message

    with pytest.raises(ModelError) as caught:
        decoder.feed(ServerSentEvent(b"{a-very-secret-key"))
    assert "a-very" not in caught.value.message


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(ModelError, match="The model refused to answer: I cannot do that") as caught:
        hear(delta(refusal="I cannot "), delta(refusal="do that"))

    assert caught.value.finish_reason == "refusal"


def test_an_error_of_the_sink_ends_the_call() -> None:
    class Full(Heard):
        def text(self, text: str) -> None:
            raise OverflowError

    with pytest.raises(OverflowError):
        ChunkDecoder(Full()).feed(ServerSentEvent(delta(content="x").encode()))


def document(**members: Any) -> bytes:
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", **members}, "finish_reason": "stop"}]}
    return json.dumps({**answer, "model": "m", "usage": {"total_tokens": 3}}).encode()


def test_a_whole_answer_is_pushed_at_once() -> None:
    heard = Heard()
    decoder = ChunkDecoder(heard)
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    decoder.feed_document(document(content="Hello", reasoning_content="hm", tool_calls=[call]))

    assert heard == Heard(["Hello"], ["hm"], [(0, "f", "{}")])
    assert decoder.completion() == Completion("stop", {"total_tokens": 3}, "m")


def test_a_whole_answer_without_a_finish_reason_is_whole_all_the_same() -> None:
    decoder = ChunkDecoder(Heard())
    decoder.feed_document(b'{"choices":[{"message":{"content":"x"},"finish_reason":null}]}')

    assert decoder.completion().finish_reason == "stop"


@pytest.mark.parametrize(
    "body", ['{"error": {"message": "Nope"}}', '{"detail": "Nope"}', '{"message": "Nope"}', '"Nope"']
)
def test_a_document_that_is_an_error_is_raised(body: str) -> None:
    with pytest.raises(ModelError, match=r"Nope|no chat completion"):
        ChunkDecoder(Heard()).feed_document(body.encode())
