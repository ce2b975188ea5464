"""The live surfaces over real sockets: order, sharing, late joiners, resuming, gaps, ends."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from flock.cursor import NOWHERE
from flock.events import Event, decode_event
from flock.frames import FrameSource
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.reader import Reader
from flock.testing import ScriptedEngine
from tests.backend import Seen, Served, ServedIdea, ServedPost, read_socket, served, writing
from tests.validators import check_streams

WORDS = [f"w{number} " for number in range(200)]


def decoded(seen: Seen) -> list[Event]:
    return [decode_event(json.dumps(event)) for event in seen.events]


async def read_events(site: Served, path: str, *, finals: int = 1, last_id: str = "") -> list[ServerSentEvent]:
    """Read server-sent events until that many final events came."""
    messages: list[ServerSentEvent] = []
    headers = {"last-event-id": last_id} if last_id else {}
    async with aconnect_sse(site.http, "GET", path, headers=headers) as source:
        async for message in source.aiter_sse():
            messages.append(message)
            events = json.loads(message.data)["events"]
            finals -= sum(event["type"] == "streaming_output" and event["is_final"] for event in events)
            if finals <= 0:
                return messages
    return messages


async def test_every_viewer_gets_every_token_once_and_in_order() -> None:
    async with served() as site:
        async with site.socket() as first, site.socket() as second, site.socket() as third:
            seen = [Seen(), Seen(), Seen()]
            for socket, viewer in zip((first, second, third), seen, strict=True):
                await read_socket(socket, until="hello", seen=viewer)
            with writing(site.flock) as one, writing(site.flock) as two:
                for word in WORDS:
                    one.write(word)
                    two.write(word)
                    await asyncio.sleep(0)
            for socket, viewer in zip((first, second, third), seen, strict=True):
                await read_socket(socket, until="final", seen=viewer, count=2)
        for viewer in seen:
            assert viewer.kinds()[0] == "hello"
            assert viewer.text(one.run_id) == viewer.text(two.run_id) == "".join(WORDS)
            streams = check_streams(decoded(viewer))
            assert streams[one.run_id].text("text") == "".join(WORDS)


async def test_viewers_at_one_place_share_one_frame_and_its_bytes() -> None:
    journal = Journal()
    source = FrameSource(journal)
    flock = Flock(view=None, journal=journal)
    readers = [Reader(source, cursor=journal.cursor(0)) for _ in range(2)]
    streams = [reader.frames() for reader in readers]
    for stream in streams:
        await anext(stream)
    with writing(flock) as work:
        work.write("a", "b")
    first, second = await asyncio.gather(*(anext(stream) for stream in streams))
    assert first is second
    assert first.encode("full") is second.encode("full")
    for stream in streams:
        await stream.aclose()


async def test_who_joins_late_gets_all_text() -> None:
    async with served() as site:
        with writing(site.flock) as work:
            work.write(*WORDS[:100])
            async with site.socket() as socket:
                seen = await read_socket(socket, until="snapshot")
                work.write(*WORDS[100:])
                await read_socket(socket, until="streaming_output", seen=seen)
                late = seen.text(work.run_id)
        assert late == "".join(WORDS)


async def test_who_reconnects_with_a_cursor_misses_nothing_and_gets_nothing_twice() -> None:
    async with served() as site:
        with writing(site.flock) as work:
            async with site.socket() as socket:
                seen = await read_socket(socket, until="snapshot")
                work.write(*WORDS[:50])
                await read_socket(socket, until="streaming_output", seen=seen)
            work.write(*WORDS[50:100])
            async with site.socket(f"cursor={seen.cursor}") as socket:
                await read_socket(socket, until="streaming_output", seen=seen)
            work.write(*WORDS[100:])
        async with site.socket(f"cursor={seen.cursor}") as socket:
            await read_socket(socket, until="final", seen=seen)
        assert "gap" not in seen.kinds()
        assert seen.text(work.run_id) == "".join(WORDS)


@pytest.mark.parametrize("cursor", ["0123abcd-7", "EPOCH-999999"])
async def test_a_foreign_cursor_gets_a_gap_and_then_the_whole_text(cursor: str) -> None:
    async with served() as site:
        with writing(site.flock) as work:
            work.write(*WORDS)
            query = f"cursor={cursor.replace('EPOCH', site.flock.journal.epoch)}"
            async with site.socket(query) as socket:
                seen = await read_socket(socket, until="snapshot")
        assert list(seen.kinds()[:2]) == ["hello", "gap"]
        assert seen.text(work.run_id) == "".join(WORDS)


async def test_a_cursor_older_than_the_journal_gets_a_gap_and_then_the_whole_text() -> None:
    journal = Journal(max_bytes=64 * 2**10)
    async with served(Flock(view=None, journal=journal)) as site:
        with writing(site.flock) as work:
            work.write("first ")
            async with site.socket() as socket:
                seen = await read_socket(socket, until="snapshot")
            work.write(*WORDS, *WORDS)
            async with site.socket(f"cursor={seen.cursor}") as socket:
                again = await read_socket(socket, until="snapshot")
        assert again.events[1]["reason"] == "too_old"
        assert again.text(work.run_id) == "first " + "".join(WORDS) * 2


def merged(events: list[dict[str, Any]], run_id: str) -> list[dict[str, Any]]:
    """Join what belongs together, whatever the surface merged: what is left is what a run's viewers have in common."""
    whole: list[dict[str, Any]] = []
    for event in events:
        last = whole[-1] if whole else None
        if event.get("run_id") != run_id:
            continue
        if last is not None and event["type"] == last["type"] == "streaming_output" and not event["is_final"]:
            last["content"] += event["content"]
            last["count"] += event["count"]
        else:
            whole.append({**event})
    return whole


async def test_websocket_sse_and_replay_tell_the_same_of_a_run() -> None:
    flock = Flock(view=None)
    answer = ServedPost(text="".join(WORDS))
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(ScriptedEngine(answers=[answer]))
    async with served(flock) as site:
        place = str(flock.journal.cursor(0))
        body = {"inputs": [{"type": "ServedIdea", "payload": {"topic": "owls"}}], "stream": True}
        async with site.http.stream("POST", "/api/v1/agents/writer/run", json=body) as streamed:
            run_id = streamed.headers["flock-run-id"]
            messages = [message async for message in EventSource(streamed).aiter_sse()]
        async with site.socket(f"cursor={place}") as socket:
            by_socket = await read_socket(socket, until="final")
        by_sse = [json.loads(message.data) for message in await read_events(site, f"/api/v1/events?cursor={place}")]
        replayed = (await site.get(f"/runs/{run_id}/events")).json()
    expected = merged(by_socket.events, run_id)
    assert "".join(event["content"] for event in expected if "content" in event) == "".join(WORDS)
    assert merged([event for frame in by_sse for event in frame["events"]], run_id) == expected
    by_run = [json.loads(message.data) for message in messages[:-1]]
    assert (messages[-1].event, messages[-1].data) == ("close", "1000")
    assert merged([event for frame in by_run for event in frame["events"]], run_id) == expected
    assert merged(replayed["items"], run_id) == expected


async def test_the_last_event_id_wins_over_the_cursor() -> None:
    async with served() as site:
        with writing(site.flock) as work:
            work.write("one ")
        head = site.flock.journal.cursor(site.flock.journal.head)
        with writing(site.flock) as later:
            later.write("two ")
        messages = await read_events(site, "/api/v1/events?cursor=1-1", last_id=str(head))
        hello = json.loads(messages[0].data)["events"][0]
        assert hello["cursor"] == str(head)
        shown = {event.get("run_id") for message in messages[1:] for event in json.loads(message.data)["events"]}
        assert shown == {later.run_id}


async def test_snapshots_that_need_several_frames_have_no_cursor_before_the_last() -> None:
    async with served() as site:
        with writing(site.flock) as one, writing(site.flock) as two:
            one.write("x" * 200_000)
            two.write("y" * 200_000)
            async with site.socket() as socket:
                seen = await read_socket(socket, until="snapshot", count=2)
            messages: list[ServerSentEvent] = []
            async with aconnect_sse(site.http, "GET", "/api/v1/events") as source:
                async for message in source.aiter_sse():
                    messages.append(message)
                    if len(messages) == 2:
                        break
        assert [frame["cursor"] == str(NOWHERE) for frame in seen.frames] == [True, False]
        assert messages[0].id == ""
        assert messages[1].id == seen.frames[1]["cursor"]
        assert seen.text(two.run_id) == "y" * 200_000


async def test_a_selection_shows_its_streams_only() -> None:
    async with served() as site:
        with writing(site.flock, "one") as one, writing(site.flock, "two", type="Other"):
            queries = (
                f"run_id={one.run_id}",
                f"correlation_id={one.correlation_id}",
                "agent=one&agent=three&type=",
                "type=ServedPost&agent=one",
            )
            for query in queries:
                async with site.socket(query) as socket:
                    seen = await read_socket(socket, until="snapshot")
                assert [event["run_id"] for event in seen.events[1:]] == [one.run_id], query


async def test_the_compact_format_gives_deltas_as_arrays() -> None:
    async with served() as site:
        with writing(site.flock) as work:
            async with site.socket("format=compact") as socket:
                snapshot = json.loads(await socket.recv())["events"][1]
                work.write("a", "b")
                frame = json.loads(await socket.recv())
        assert frame["events"] == [[snapshot["stream"], "text", 0, 2, "ab"]]


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=1", "format=xml"])
async def test_a_malformed_question_closes_the_socket_with_4400(query: str) -> None:
    async with served() as site, site.socket(query) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4400


async def test_a_parameter_nobody_knows_closes_the_socket_and_is_named() -> None:
    async with served() as site, site.socket("agnt=one") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4400
        assert socket.close_reason == "There is no query parameter 'agnt'. Did you mean 'agent'?"


async def test_a_socket_at_any_other_path_is_told_where_it_is() -> None:
    async with served() as site:
        address = site.ws_url().replace("/ws", "/elsewhere")
        async with connect(address, additional_headers=site.headers, proxy=None) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert (socket.close_code, socket.close_reason) == (4400, "there is no WebSocket here: it is at /ws")


@pytest.mark.parametrize(("query", "status"), [("cursor=nonsense", 400), ("format=xml", 422), ("cursor=a-b", 400)])
async def test_a_malformed_question_over_sse_is_an_error(query: str, status: int) -> None:
    async with served() as site:
        answer = await site.http.get(f"/api/v1/events?{query}")
        assert answer.status_code == status
        assert answer.json()["error"]["code"].startswith("FLK-")


async def test_an_idle_sse_line_shows_that_it_is_open() -> None:
    async with served(comment_interval_s=0.05) as site, site.http.stream("GET", "/api/v1/events") as answer:
        text = ""
        async for chunk in answer.aiter_text():
            text += chunk
            if text.count(": still here\n") == 2:
                break


async def test_a_viewer_that_leaves_leaves_nothing_behind() -> None:
    async with served() as site:
        with writing(site.flock) as work:
            async with site.socket() as socket:
                await read_socket(socket, until="snapshot")
            async with site.http.stream("GET", "/api/v1/events") as answer:
                async for _ in answer.aiter_text():
                    break
            work.write("and the rest")
            left = [task for task in asyncio.all_tasks() if "run_asgi" in repr(task.get_coro())]
            if left:
                await asyncio.wait(left, timeout=5)
            assert len(site.flock.audience) == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_server_s_end_is_announced_on_every_surface() -> None:
    async with served() as site:
        with writing(site.flock) as work:
            async with site.socket() as socket:
                seen = await read_socket(socket, until="snapshot")
                async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
                    url = f"{site.server.url}/api/v1/events"
                    async with aconnect_sse(http, "GET", url, headers=site.headers) as source:
                        messages = source.aiter_sse()
                        await anext(messages)
                        work.write("last words")
                        await site.server.aclose()
                        rest = [message async for message in messages]
                with pytest.raises(ConnectionClosed):
                    await read_socket(socket, until="never", seen=seen)
        assert socket.close_code == 1001
        assert seen.text(work.run_id) == "last words"
        assert (rest[-1].event, rest[-1].data) == ("close", "1001")
        assert "last words" in "".join(message.data for message in rest)
