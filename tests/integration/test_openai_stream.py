"""The client against a real server in another process: streams, deadlines, failures, connections."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flock.engines import openai_stream
from flock.engines.model import Completion, ModelCall
from flock.engines.openai_stream import OpenAIStream
from flock.errors import ConfigurationError, DeadlineError, FlockError, ModelError, TransportError, TruncatedError
from tests.servers.process import OpenAIServer, run_openai_server
from tests.servers.script import Script, Step

KEY = "sk-test-" + "abcdefghijklmnop"
CALL = ModelCall("m", {"messages": [{"role": "user", "content": "Say something."}], "temperature": 0.5})


pytestmark = pytest.mark.both_loops


@dataclass
class Heard:
    """A sink that remembers, and tells when something came."""

    texts: list[str] = field(default_factory=list)
    reasonings: list[str] = field(default_factory=list)
    tool_calls: list[tuple[int, str | None, str]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event, compare=False)

    def text(self, text: str) -> None:
        self.texts.append(text)
        self.came.set()

    def reasoning(self, text: str) -> None:
        self.reasonings.append(text)

    def tool_call(self, index: int, name: str | None, arguments: str) -> None:
        self.tool_calls.append((index, name, arguments))

    @property
    def said(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module")
def process() -> Iterator[OpenAIServer]:
    with run_openai_server() as server:
        yield server


@pytest.fixture
async def server(process: OpenAIServer) -> OpenAIServer:
    await process.reset()
    return process


@pytest.fixture(params=["direct", "general"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Speak HTTP over connections of flock's own, or by the general client, as where httptools is missing."""
    way: str = request.param
    if way == "general":
        monkeypatch.setattr(openai_stream, "find_spec", lambda name: None)
    return way


@pytest.fixture
async def make(server: OpenAIServer, way: str) -> AsyncIterator[Callable[..., OpenAIStream]]:
    made: list[OpenAIStream] = []

    def make_model(**settings: Any) -> OpenAIStream:
        made.append(OpenAIStream(**{"base_url": server.base_url, "api_key": KEY, **settings}))
        return made[-1]

    yield make_model
    for model in made:
        await model.aclose()


@pytest.fixture
async def model(make: Callable[..., OpenAIStream]) -> OpenAIStream:
    return make()


async def failure(model: OpenAIStream, call: ModelCall = CALL) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await model.complete(call, Heard())
    return caught.value


@pytest.mark.default(9)
async def test_an_answer_streams_token_by_token(model: OpenAIStream, server: OpenAIServer) -> None:
    heard = Heard()
    completion = await model.complete(CALL, heard)

    assert heard.texts == [f"t{number} " for number in range(19)] + ["t19"]
    usage = {"prompt_tokens": 2, "completion_tokens": 20, "total_tokens": 22}
    assert completion == Completion("stop", usage, "m")
    (seen,) = await server.requests()
    assert seen["body"] == {
        "messages": CALL.body["messages"],
        "temperature": 0.5,
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert seen["headers"]["authorization"] == f"Bearer {KEY}"
    assert seen["headers"]["accept-encoding"] == "identity"
    assert "cookie" not in seen["headers"]


async def test_text_is_pushed_while_the_answer_goes_on(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "Hel"), ("gate", "rest"), ("text", "lo")]))
    heard = Heard()
    task = asyncio.create_task(model.complete(CALL, heard))
    await heard.came.wait()

    assert heard.texts == ["Hel"]
    await server.release("rest")
    await task
    assert heard.texts == ["Hel", "lo"]


async def test_everything_a_model_says_arrives(model: OpenAIStream, server: OpenAIServer) -> None:
    call = {"index": 0, "id": "a", "function": {"name": "search", "arguments": "{"}}
    rest = {"index": 0, "function": {"arguments": "}"}}
    await server.script(
        Script(
            steps=[
                ("comment", "ping"),
                ("reasoning", "h"),
                ("reasoning_content", "m"),
                ("text", "Grün 😀\u2028\0"),
                ("tool_call", call),
                ("tool_call", rest),
            ],
            finish_reason="tool_calls",
            newline="\r\n",
            split_bytes=1,
        )
    )
    heard = Heard()
    completion = await model.complete(CALL, heard)

    assert heard == Heard(["Grün 😀\u2028\0"], ["h", "m"], [(0, "search", "{"), (0, None, "}")])
    assert completion.finish_reason == "tool_calls"
    assert completion.usage["completion_tokens"] == 5


async def test_without_streaming_the_text_comes_at_once(model: OpenAIStream, server: OpenAIServer) -> None:
    heard = Heard()
    completion = await model.complete(ModelCall("m", CALL.body, stream=False), heard)

    assert len(heard.texts) == 1
    assert heard.said.endswith("t18 t19")
    assert completion.usage["completion_tokens"] == 20
    (seen,) = await server.requests()
    assert seen["body"]["stream"] is False
    assert "stream_options" not in seen["body"]


async def test_prompts_of_any_text_and_size_are_sent(model: OpenAIStream, server: OpenAIServer) -> None:
    prompt = "x" * 3_000_000 + "\ud83d\ude00 \ud83d"
    await model.complete(ModelCall("m", {"messages": [{"role": "user", "content": prompt}]}), Heard())

    (seen,) = await server.requests()
    assert seen["body"]["messages"][0]["content"] == "x" * 3_000_000 + "😀 \ufffd"


async def test_calls_one_after_the_other_share_a_connection(model: OpenAIStream, server: OpenAIServer) -> None:
    for _ in range(3):
        await model.complete(CALL, Heard())

    assert len({seen["connection"] for seen in await server.requests()}) == 1


async def test_twenty_calls_run_at_once(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "a"), ("gate", "all"), ("text", "b")], repeat=True))
    sinks = [Heard() for _ in range(20)]
    async with asyncio.TaskGroup() as group:
        for sink in sinks:
            group.create_task(model.complete(CALL, sink))
        await server.wait_at_gate("all", count=20)
        for sink in sinks:
            await sink.came.wait()
        await server.release("all")

    assert [sink.said for sink in sinks] == ["ab"] * 20


def test_one_object_serves_one_event_loop_after_the_other(process: OpenAIServer) -> None:
    asyncio.run(process.reset())
    model = OpenAIStream(base_url=process.base_url, api_key=KEY)
    for _ in range(2):
        heard = Heard()
        asyncio.run(model.complete(CALL, heard))
        assert heard.said.endswith("t19")


async def test_it_can_be_used_again_after_closing(model: OpenAIStream) -> None:
    await model.complete(CALL, Heard())
    await model.aclose()
    await model.aclose()

    assert (await model.complete(CALL, Heard())).finish_reason == "stop"


# Deadlines


async def test_no_connection_in_time(make: Callable[..., OpenAIStream]) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # Linux completes one connection more than the backlog says; the next ones wait.
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(address)
        error = await failure(make(base_url=f"http://127.0.0.1:{address[1]}/v1", connect_timeout_s=0.1))
        for client in waiting:
            client.close()

    assert isinstance(error, DeadlineError)
    assert error.message == f"No connection to 127.0.0.1:{address[1]} within 0.1 s."
    assert error.retryable


async def test_no_free_connection_in_time_names_the_limit(
    make: Callable[..., OpenAIStream], server: OpenAIServer
) -> None:
    await server.script(Script(steps=[("text", "a"), ("gate", "g")]))
    model, heard = make(max_connections=1, connect_timeout_s=0.1), Heard()
    task = asyncio.create_task(model.complete(CALL, heard))
    await heard.came.wait()
    error = await failure(model)
    await server.release("g")
    await task

    assert isinstance(error, DeadlineError)
    assert error.message == f"All 1 connections to 127.0.0.1:{server.port} were in use for 0.1 s."
    assert error.hint == "Raise the engine's max_connections, or run fewer agents at once."
    assert error.retryable
    assert (await model.complete(CALL, Heard())).finish_reason == "stop"


@pytest.mark.parametrize("steps", [[("gate", "g")], [("headers", None), ("gate", "g")], [("delta", {}), ("gate", "g")]])
async def test_no_token_in_time(make: Callable[..., OpenAIStream], server: OpenAIServer, steps: list[Step]) -> None:
    await server.script(Script(steps=steps))
    error = await failure(make(first_token_timeout_s=0.1, progress_timeout_s=0.01))

    assert isinstance(error, DeadlineError)
    assert "sent no token within 0.1 s" in error.message
    await server.wait_for("closed_early")


async def test_pings_and_empty_chunks_are_no_progress(make: Callable[..., OpenAIStream], server: OpenAIServer) -> None:
    ping: list[Step] = [("comment", "ping"), ("data", ""), ("delta", {"content": ""}), ("data", "{}")]
    await server.script(Script(steps=[("text", "a"), *ping * 5000, ("gate", "g")], tokens_per_s=1000))
    start = time.perf_counter()
    error = await failure(make(progress_timeout_s=0.2))

    assert isinstance(error, DeadlineError)
    assert "made no progress for 0.2 s" in error.message
    assert time.perf_counter() - start < 3
    await server.wait_for("closed_early")


async def test_steady_progress_passes_the_total_deadline_only(
    make: Callable[..., OpenAIStream], server: OpenAIServer
) -> None:
    await server.script(Script(tokens=1000, tokens_per_s=50))
    error = await failure(make(first_token_timeout_s=0.7, progress_timeout_s=0.4, total_timeout_s=0.8))

    assert isinstance(error, DeadlineError)
    assert "did not finish within 0.8 s" in error.message
    assert not error.retryable
    await server.wait_for("closed_early")


async def test_a_call_that_does_not_stream_has_only_the_total(
    make: Callable[..., OpenAIStream], server: OpenAIServer
) -> None:
    model = make(first_token_timeout_s=0.01, progress_timeout_s=0.01)

    await model.complete(ModelCall("m", CALL.body, stream=False), Heard())


# The end of an answer


@pytest.mark.parametrize(
    ("steps", "kind", "message"),
    [
        ([("text", "Hello"), ("end", None)], TruncatedError, "closed the stream after 5 characters"),
        ([("text", "Hello"), ("done", None)], TruncatedError, "ended the stream after 5 characters"),
        ([("text", "Hello"), ("close", None)], TransportError, "broke after 5 characters"),
        ([("headers", None), ("end", None)], TruncatedError, "after 0 characters"),
        ([("close", None)], TransportError, "broke after 0 characters"),
        ([("text", "Hello"), ("bytes", 'data: {"choices"'), ("end", None)], TruncatedError, "after 5 characters"),
    ],
)
async def test_an_answer_without_an_end_is_no_answer(
    model: OpenAIStream, server: OpenAIServer, steps: list[Step], kind: type[ModelError], message: str
) -> None:
    await server.script(Script(steps=steps, finish_reason=None))
    error = await failure(model)

    assert type(error) is kind
    assert message in error.message
    assert error.retryable


async def test_a_reset_connection_is_told_with_what_arrived(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("text", "Hello"), ("gate", "g"), ("drop", None)]))
    heard = Heard()
    task = asyncio.create_task(model.complete(CALL, heard))
    await heard.came.wait()
    await server.release("g")

    with pytest.raises(TransportError, match="broke after 5 characters"):
        await task


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_cut_and_filtered_answers_are_reported_as_such(
    model: OpenAIStream, server: OpenAIServer, reason: str
) -> None:
    await server.script(Script(finish_reason=reason))

    assert (await model.complete(CALL, Heard())).finish_reason == reason


@pytest.mark.parametrize("last", [("end", None), ("close", None), ("drop", None), ("gate", "never")])
async def test_after_the_finish_reason_nothing_spoils_the_answer(
    make: Callable[..., OpenAIStream], server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, last: Step
) -> None:
    monkeypatch.setattr(openai_stream, "TAIL_TIMEOUT_S", 0.6)
    steps: list[Step] = [("text", "a"), ("finish", "stop"), ("text", "b"), ("gate", "g"), last]
    await server.script(Script(steps=steps, finish_reason=None))
    heard = Heard()
    task = asyncio.create_task(make(progress_timeout_s=0.3, total_timeout_s=0.5).complete(CALL, heard))
    while len(heard.texts) < 2:
        heard.came.clear()
        await heard.came.wait()
    await server.release("g")

    assert (await task).finish_reason == "stop"
    assert heard.texts == ["a", "b"]


async def test_a_response_that_ends_a_little_after_done_leaves_its_connection_to_the_next(
    model: OpenAIStream, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_stream, "DRAIN_TIMEOUT_S", 10)
    await server.script(Script(steps=[("finish", "stop"), ("done", None), ("gate", "g")], finish_reason=None))
    task = asyncio.create_task(model.complete(CALL, Heard()))
    await server.wait_at_gate("g")
    await server.release("g")
    await task
    await model.complete(CALL, Heard())

    assert len({seen["connection"] for seen in await server.requests()}) == 1


async def test_a_response_that_goes_on_after_done_is_cut_off(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(steps=[("finish", "stop"), ("done", None), ("gate", "g")], finish_reason=None))
    start = time.perf_counter()
    await model.complete(CALL, Heard())

    assert time.perf_counter() - start < 1.5
    await server.wait_for("closed_early")


# Cancelling


@pytest.mark.parametrize(
    "steps",
    [[("gate", "g")], [("headers", None), ("gate", "g")], [("text", "a"), ("gate", "g")], [("words", "a " * 10**5)]],
)
async def test_cancelling_closes_the_connection(model: OpenAIStream, server: OpenAIServer, steps: list[Step]) -> None:
    await server.script(Script(steps=steps))
    task = asyncio.create_task(model.complete(CALL, Heard()))
    await server.wait_for("answering")
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    (seen,) = await server.wait_for("closed_early")
    assert seen["closed_early"]


async def test_an_error_of_the_sink_closes_the_connection(model: OpenAIStream, server: OpenAIServer) -> None:
    class Full(Heard):
        def text(self, text: str) -> None:
            raise OverflowError

    await server.script(Script(steps=[("text", "a"), ("gate", "g")]))
    with pytest.raises(OverflowError):
        await model.complete(CALL, Full())
    await server.wait_for("closed_early")


# Failures of the server


@pytest.mark.parametrize(
    ("status", "body", "is_retryable", "said"),
    [
        (400, '{"error":{"message":"Bad field"}}', False, "Bad field"),
        (401, f'{{"error":{{"message":"Incorrect API key provided: {KEY}"}}}}', False, "provided: [redacted]"),
        (404, "<html><title>Not Found</title></html>", False, "Not Found"),
        (422, '{"detail":[{"msg":"field required"}]}', False, "field required"),
        (429, '{"error":{"code":"rate_limit_exceeded","message":"Slow down"}}', True, "Slow down"),
        (429, '{"error":{"code":"insufficient_quota","message":"Pay"}}', False, "Pay"),
        (500, "", True, "answered 500"),
        (503, "upstream down", True, "upstream down"),
        (529, '{"error":{"message":"Overloaded"}}', True, "Overloaded"),
    ],
)
async def test_refusals_say_why(
    model: OpenAIStream, server: OpenAIServer, status: int, body: str, is_retryable: object, said: str
) -> None:
    await server.script(Script(status=status, body=body, headers={"Retry-After": "7"}))
    error = await failure(model)

    assert type(error) is ModelError
    assert (error.status, error.retryable, error.retry_after_s) == (status, is_retryable, 7.0)
    assert said in error.message
    assert KEY not in str(error)


async def test_secrets_of_the_address_and_of_headers_are_not_repeated(
    make: Callable[..., OpenAIStream], server: OpenAIServer
) -> None:
    secrets = ["a secret of the address", "a secret of a header"]
    await server.script(Script(status=400, body=json.dumps({"error": f"You sent {' and '.join(secrets)}."})))
    address = f"{server.base_url}?api-key={secrets[0].replace(' ', '%20')}&version=1"
    error = await failure(make(base_url=address, headers={"X-Token": secrets[1]}))

    assert error.message.endswith("You sent [redacted] and [redacted].")


async def test_a_huge_error_is_not_read_whole(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(status=500, body="x" * 10_000_000))
    error = await failure(model)

    assert len(error.message) < 700


async def test_an_error_that_never_ends_passes_a_deadline(
    make: Callable[..., OpenAIStream], server: OpenAIServer
) -> None:
    await server.script(Script(status=500, steps=[("bytes", "wait"), ("gate", "g")]))

    assert isinstance(await failure(make(first_token_timeout_s=0.1)), DeadlineError)


@pytest.mark.parametrize("status", [301, 307, 308])
async def test_redirects_are_not_followed(model: OpenAIStream, server: OpenAIServer, status: int) -> None:
    location = f"https://other.example/v2/chat/completions?key={KEY}"
    await server.script(Script(status=status, body="moved", headers={"Location": location}))
    error = await failure(model)

    assert error.hint == "If you trust that server, set base_url to 'https://other.example/v2'."
    assert KEY not in str(error)
    assert len(await server.requests()) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        ("<!doctype html><title>Welcome</title>", "text/html", "web page ('Welcome')"),
        ("  \n<html>", "text/event-stream", "answered with a web page."),
        ("OK", "text/plain", "answered with 'text/plain', not with a stream"),
        ('{"error":{"message":"Inner"}}', "text/event-stream", "reported an error: Inner"),
        ("{}", "application/json", "reported an error: {}"),
        ("data: {]\n\n", "text/event-stream", "not JSON: '{]'"),
        ("data: []\n\n", "text/event-stream", "no chat completion"),
        ("event: error\ndata: gone\n\n", "text/event-stream", "reported an error: gone"),
    ],
)
async def test_what_is_no_answer_is_told(
    model: OpenAIStream, server: OpenAIServer, body: str, content_type: str, message: str
) -> None:
    await server.script(Script(body=body, headers={"Content-Type": content_type}))
    error = await failure(model)

    assert message in error.message
    assert not error.retryable


@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
async def test_a_server_that_does_not_stream_is_understood(
    model: OpenAIStream, server: OpenAIServer, content_type: str
) -> None:
    answer = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    await server.script(Script(body=json.dumps(answer), headers={"Content-Type": content_type}))
    heard = Heard()
    await model.complete(CALL, heard)

    assert heard.texts == ["Hello"]


async def test_a_compressed_answer_is_refused(model: OpenAIStream, server: OpenAIServer) -> None:
    await server.script(Script(headers={"Content-Encoding": "gzip"}))

    assert "Content-Encoding 'gzip'" in (await failure(model)).message


async def test_an_endless_answer_is_cut_off(make: Callable[..., OpenAIStream], server: OpenAIServer) -> None:
    await server.script(Script(tokens=100_000))
    error = await failure(make(max_response_bytes=50_000))

    assert "more than 50,000 bytes" in error.message
    await server.wait_for("closed_early")


@pytest.mark.parametrize(
    "status_line", ["SMTP ready", "HTTP/1.1 abc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ"]
)
async def test_what_does_not_speak_http_is_told(make: Callable[..., OpenAIStream], status_line: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(f"{status_line}\r\n\r\n".encode())
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        error = await failure(make(base_url=f"http://127.0.0.1:{port}"))

    assert isinstance(error, TransportError)
    assert "did not answer in proper HTTP" in error.message


# Connections that are not made


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def test_a_refused_connection_says_what_to_do(make: Callable[..., OpenAIStream]) -> None:
    port = closed_port()
    error = await failure(make(base_url=f"http://127.0.0.1:{port}/v1"))

    assert isinstance(error, TransportError)
    assert error.message == f"No connection to 127.0.0.1:{port}: it was refused."
    assert error.retryable


async def test_an_unknown_host_is_told(make: Callable[..., OpenAIStream]) -> None:
    error = await failure(make(base_url="http://no-such-host.invalid/v1"))

    assert isinstance(error, TransportError)
    assert error.message == "The host 'no-such-host.invalid' was not found."


@pytest.mark.parametrize(
    ("base_url", "message"),
    [
        ("http://256.1.1.1/v1", "'256.1.1.1' is no address of a server."),
        ("http://[::1]:9/v1", "No connection to [::1]:9: "),
        ("http://localhost:9/v1", "No connection to localhost:9: it was refused."),
    ],
)
async def test_addresses_are_shown_as_they_were_given(
    make: Callable[..., OpenAIStream], base_url: str, message: str
) -> None:
    assert (await failure(make(base_url=base_url))).message.startswith(message)


async def test_the_proxy_of_the_environment_is_used(
    make: Callable[..., OpenAIStream], server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://ann:pass@127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "other.example")
    await make(base_url="http://models.example/v1").complete(CALL, Heard())

    (seen,) = await server.requests()
    assert seen["target"] == "http://models.example/v1/chat/completions"
    assert seen["headers"]["authorization"] == f"Bearer {KEY}"
    assert seen["headers"]["proxy-authorization"].startswith("Basic ")


async def test_an_untrusted_certificate_is_refused(make: Callable[..., OpenAIStream], tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    pem, key = tmp_path / "server.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", pem], check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    with run_openai_server(tls=pem) as server:
        error = await failure(make(base_url=server.base_url))

    assert isinstance(error, TransportError)
    assert "No secure connection" in error.message
    assert "certificate" in str(error)
    assert not error.retryable


async def test_a_server_without_tls_is_told(make: Callable[..., OpenAIStream], server: OpenAIServer) -> None:
    error = await failure(make(base_url=server.base_url.replace("http://", "https://")))

    assert isinstance(error, TransportError)
    assert "begins with http://" in str(error)


# Settings


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("{}", "/v1/chat/completions"),
        ("{}/", "/v1/chat/completions"),
        ("{}/chat/completions", "/v1/chat/completions"),
        ("{}/deployments/a?api-version=1", "/v1/deployments/a/chat/completions?api-version=1"),
    ],
)
async def test_the_address_is_made_from_base_url(
    make: Callable[..., OpenAIStream], server: OpenAIServer, base_url: str, path: str
) -> None:
    await make(base_url=base_url.format(server.base_url)).complete(CALL, Heard())

    (seen,) = await server.requests()
    assert seen["target"] == path


async def test_headers_are_added_and_win(make: Callable[..., OpenAIStream], server: OpenAIServer) -> None:
    await make(headers={"authorization": "Basic abc", "X-Title": "flock"}, api_key=None).complete(CALL, Heard())

    (seen,) = await server.requests()
    assert seen["headers"]["authorization"] == "Basic abc"
    assert seen["headers"]["x-title"] == "flock"


@pytest.mark.parametrize(
    "base_url", ["", "localhost:11434", "ftp://x/v1", "http://", "http://me:secret@x/v1", "http://[::1", "http://a..b"]
)
def test_an_address_that_cannot_be_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        OpenAIStream(base_url=base_url, api_key=None)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("api_key", ["sk-ü" * 5, "sk-a\nb", "sk-\0"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(api_key: str) -> None:
    with pytest.raises(FlockError) as caught:
        OpenAIStream(base_url="http://localhost/v1", api_key=api_key)

    assert "sk-" not in str(caught.value)
