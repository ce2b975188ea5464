"""REST over real sockets: every noun, every refusal, in one shape."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from flock.engines.base import AgentView
from flock.errors import DeadlineError, FormatError, TransportError
from flock.journal import Journal
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.server import http_protocol, serving
from flock.server.closes import CLOSES
from flock.testing import ScriptedEngine
from tests.backend import Served, ServedIdea, ServedNote, ServedPost, read_socket, served
from tests.engines import Gated

IDEA = {"type": "ServedIdea", "payload": {"topic": "owls"}}
RUN = {"inputs": [IDEA]}

NOBODYS_ID = "5f0c9a52-0000-4000-8000-000000000000"


class Counting(ScriptedEngine):
    """Counts its runs and waits a moment, so that requests can overlap."""

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        await asyncio.sleep(0.05)
        return await super().evaluate(agent, ctx, inputs)


def flock_of(*answers: ServedPost | Exception, journal: Journal | None = None) -> Flock:
    flock = Flock(view=None, journal=journal)
    engine = Counting(answers=answers or [ServedPost(text="Owls hoot.")])
    flock.agent("writer").description("Writes").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    return flock


def gated(engine: Gated) -> Flock:
    flock = Flock(view=None)
    flock.agent("waiter").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    return flock


def error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check the one shape of errors, and give the error."""
    assert answer.status_code == status, answer.text
    body = answer.json()["error"]
    assert body["code"] == code
    assert body["message"]
    assert set(body) <= {"code", "message", "hint", "issues"}
    return dict(body)


async def ended(site: Served, run_id: str) -> dict[str, Any]:
    """Wait for the end of a run, and give it."""
    await site.flock.wait_run(run_id)
    return dict((await site.get(f"/runs/{run_id}")).json())


async def streamed_run(site: Served) -> str:
    """Let the writer run, with a viewer, and give its run's id."""
    answer = await site.post("/agents/writer/run", {**RUN, "stream": True})
    return str(answer.headers["flock-run-id"])


async def test_an_artifact_is_published_and_found_again() -> None:
    async with served() as site:
        correlation_id = str(uuid4())
        body = {**IDEA, "correlation_id": correlation_id, "tags": ["night", "b" * 200]}
        answer = await site.post("/artifacts", body)
        assert answer.status_code == 201
        artifact = answer.json()
        assert artifact == {
            "id": artifact["id"],
            "type": "ServedIdea",
            "payload": {"topic": "owls", "weight": 1},
            "produced_by": "external",
            "correlation_id": correlation_id,
            "run_id": None,
            "derived_from": [],
            "tags": ["b" * 200, "night"],
            "visibility": {"kind": "public"},
            "created_at": artifact["created_at"],
        }
        assert (await site.get(f"/artifacts/{artifact['id']}")).json() == artifact
        for params in (
            {"type": "ServedIdea"},
            {"produced_by": "external"},
            {"correlation_id": correlation_id},
            {"tag": "b" * 200},
            {"since": artifact["created_at"]},
            {"type": "", "cursor": ""},
        ):
            assert (await site.get("/artifacts", **params)).json() == {"items": [artifact], "next": None}
        for params in ({"type": "Other"}, {"until": "2020-01-01T00:00:00"}, {"tag": "day"}):
            assert (await site.get("/artifacts", **params)).json() == {"items": [], "next": None}


async def test_lists_are_paged() -> None:
    async with served(flock_of()) as site:
        for _ in range(5):
            await site.post("/agents/writer/run", RUN)
        for path in (
            "/artifacts?type=ServedPost",
            "/artifacts?order=newest",
            "/runs?agent=writer",
            "/runs?agent=writer&order=newest",
        ):
            seen: list[Any] = []
            cursor = None
            while True:
                page = (await site.http.get(f"/api/v1{path}&limit=2&cursor={cursor or ''}")).json()
                seen += page["items"]
                cursor = page["next"]
                if cursor is None:
                    break
            assert seen == (await site.http.get(f"/api/v1{path}")).json()["items"]
            times = [item["created_at"] for item in seen]
            assert times == sorted(times, reverse="newest" in path)
            assert len({item.get("run_id") or item["id"] for item in seen}) == len(seen) >= 5
            error(await site.http.get(f"/api/v1{path}&cursor=nonsense"), 400, "FLK-CURSOR")
            error(await site.http.get(f"/api/v1{path}&limit=0"), 422, "FLK-REQUEST")


async def test_agents_and_types_are_listed() -> None:
    async with served(flock_of()) as site:
        (agent,) = (await site.get("/agents")).json()["items"]
        assert agent["name"] == "writer"
        assert (agent["consumes"], agent["publishes"]) == (["ServedIdea"], ["ServedPost"])
        assert (agent["engine"], agent["model"], agent["simulated"]) == ("Counting", None, False)
        assert (await site.get("/agents/writer")).json() == agent
        types = {item["name"]: item["schema"] for item in (await site.get("/types")).json()["items"]}
        assert set(types["ServedIdea"]["properties"]) == {"topic", "weight"}


async def test_a_run_answers_with_what_it_published() -> None:
    async with served(flock_of()) as site:
        correlation_id = str(uuid4())
        answer = await site.post("/agents/writer/run", {**RUN, "correlation_id": correlation_id})
        assert answer.status_code == 200
        body = answer.json()
        assert (body["status"], body["correlation_id"]) == ("completed", correlation_id)
        assert (body["engine"], body["model"], body["simulated"]) == ("Counting", None, False)
        (artifact,) = body["artifacts"]
        assert artifact["payload"] == {"text": "Owls hoot."}
        run = (await site.get(f"/runs/{body['run_id']}")).json()
        assert (run["agent"], run["state"], run["artifacts"]) == ("writer", "completed", [artifact["id"]])
        for params in ({"agent": "writer"}, {"state": "completed"}, {"correlation_id": correlation_id}):
            assert (await site.get("/runs", **params)).json()["items"] == [run]
        assert (await site.get("/runs", state="running")).json()["items"] == []
        whole = (await site.get(f"/correlations/{correlation_id}")).json()
        assert (whole["correlation_id"], whole["runs"], whole["next"]) == (correlation_id, [run], None)
        assert artifact in whole["artifacts"]


async def test_what_a_demo_model_says_is_labelled_as_simulated() -> None:
    flock = Flock("demo/writer?tokens_per_s=0&first_token_s=0", view=None)
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost)
    async with served(flock) as site:
        body = (await site.post("/agents/writer/run", RUN)).json()
        assert (body["status"], body["simulated"]) == ("completed", True)
        assert body["model"].startswith("demo/writer")


async def test_a_correlation_s_artifacts_are_paged() -> None:
    async with served() as site:
        correlation_id = str(uuid4())
        published = [
            (await site.post("/artifacts", {**IDEA, "correlation_id": correlation_id})).json() for _ in range(5)
        ]
        seen: list[Any] = []
        cursor = ""
        while cursor is not None:
            page = (await site.get(f"/correlations/{correlation_id}", limit=2, cursor=cursor)).json()
            assert len(page["artifacts"]) <= 2
            seen += page["artifacts"]
            cursor = page["next"]
        assert seen == published
        error(await site.get(f"/correlations/{correlation_id}", cursor="nonsense"), 400, "FLK-CURSOR")


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (TransportError("The model server hung up."), 502, "FLK-MODEL-TRANSPORT"),
        (FormatError("No field in it."), 502, "FLK-FORMAT"),
        (DeadlineError("No token within 60 s."), 504, "FLK-MODEL-DEADLINE"),
        (ValueError("a bug"), 500, "FLK-RUN"),
    ],
)
async def test_a_failed_run_says_so_and_names_itself(failure: Exception, status: int, code: str) -> None:
    async with served(flock_of(failure)) as site:
        answer = await site.post("/agents/writer/run", RUN)
        error(answer, status, code)
        run = (await site.get(f"/runs/{answer.json()['run_id']}")).json()
        assert run["outcome"]["error"]["code"] == code


@pytest.mark.default(11)
async def test_an_error_never_tells_a_secret() -> None:
    flock = Flock(view=None, api_key="a-very-secret-key")
    engine = ScriptedEngine(answers=[TransportError("Refused for a-very-secret-key and sk-abcdefghijklmnop.")])
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    async with served(flock) as site:
        text = (await site.post("/agents/writer/run", RUN)).text
        assert "secret" not in text
        assert "abcdefgh" not in text


async def test_a_streamed_run_ends_with_its_final_event() -> None:
    async with served(flock_of()) as site:
        async with site.http.stream("POST", "/api/v1/agents/writer/run", json={**RUN, "stream": True}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            text = "".join([piece async for piece in answer.aiter_text()])
        frames = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: {")]
        events = [event for frame in frames for event in frame["events"]]
        assert events[0]["type"] == "hello"
        assert events[-1]["is_final"]
        assert events[-1]["outcome"]["status"] == "completed"
        assert "".join(event.get("content", "") for event in events) == "Owls hoot."
        assert {event["run_id"] for event in events[1:]} == {answer.headers["flock-run-id"]}
        assert text.endswith("event: close\ndata: 1000\n\n")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("on_disconnect", "state"), [("cancel", "cancelled"), ("continue", "completed")])
async def test_a_client_that_leaves_cancels_its_run_only_if_it_said_so(
    stream: bool, on_disconnect: str, state: str
) -> None:
    engine = Gated(text="Owls", output=ServedPost(text="Owls"))
    async with served(gated(engine)) as site, site.socket() as socket:
        body = {**RUN, "stream": stream, "on_disconnect": on_disconnect}

        async def post() -> None:
            async with site.http.stream("POST", "/api/v1/agents/waiter/run", json=body) as answer:
                async for _ in answer.aiter_raw():
                    pass

        request = asyncio.create_task(post())
        await read_socket(socket, until="streaming_output")
        request.cancel()
        await asyncio.wait([request])
        if on_disconnect == "continue":
            engine.gate.set()
        await read_socket(socket, until="final")
        (run,) = (await site.get("/runs")).json()["items"]
        assert run["state"] == state


async def test_a_run_is_cancelled_and_tried_again() -> None:
    engine = Gated(text="Owls", output=ServedPost(text="Owls"))
    async with served(gated(engine)) as site, site.socket() as socket:
        published = (await site.post("/artifacts", IDEA)).json()
        await read_socket(socket, until="streaming_output")
        (run,) = (await site.get("/runs")).json()["items"]
        run_id = run["run_id"]
        error(await site.http.post(f"/api/v1/runs/{run_id}/retry"), 409, "FLK-CONFLICT")
        answer = await site.http.post(f"/api/v1/runs/{run_id}/cancel")
        assert (answer.status_code, answer.json()["cancelled"]) == (202, True)
        assert (await ended(site, run_id))["state"] == "cancelled"
        answer = await site.http.post(f"/api/v1/runs/{run_id}/cancel")
        assert (answer.status_code, answer.json()["cancelled"]) == (200, False)
        engine.gate.set()
        again = await site.http.post(f"/api/v1/runs/{run_id}/retry")
        assert (again.status_code, again.json()["retry_of"]) == (202, run_id)
        assert (await ended(site, again.json()["run_id"]))["state"] == "completed"
        assert published["id"] in again.json()["inputs"]


async def test_a_correlation_is_cancelled_whole() -> None:
    engine = Gated(text="Owls", output=ServedPost(text="Owls"))
    async with served(gated(engine)) as site, site.socket() as socket:
        correlation_id = (await site.post("/artifacts", IDEA)).json()["correlation_id"]
        await read_socket(socket, until="streaming_output")
        answer = await site.http.post(f"/api/v1/correlations/{correlation_id}/cancel")
        (run_id,) = answer.json()["cancelled"]
        assert (await ended(site, run_id))["state"] == "cancelled"
        error(await site.http.post(f"/api/v1/correlations/{uuid4()}/cancel"), 404, "FLK-UNKNOWN")
        error(await site.get(f"/correlations/{uuid4()}"), 404, "FLK-UNKNOWN")


async def test_a_run_s_events_are_replayed_page_by_page() -> None:
    words = "".join(f"word{number} " for number in range(300))
    async with served(flock_of(ServedPost(text=words))) as site:
        run_id = await streamed_run(site)
        whole = (await site.get(f"/runs/{run_id}/events")).json()
        assert whole["next"] is None
        kinds = [event["type"] for event in whole["items"]]
        assert kinds[0] == "stream_started"
        assert whole["items"][-1]["is_final"]
        pages: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await site.get(f"/runs/{run_id}/events", limit=2, **cursor)).json()
            assert len(page["items"]) <= 2
            pages += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        text = "".join(event.get("content", "") for event in pages)
        assert text == words
        assert pages[-1] == whole["items"][-1]
        assert (await site.get(f"/runs/{run_id}/events", cursor=whole["cursor"])).json()["items"] == []
        error(await site.get(f"/runs/{run_id}/events", cursor="nonsense"), 400, "FLK-CURSOR")
        error(await site.get("/runs/nothing/events"), 404, "FLK-UNKNOWN")


async def test_a_replay_whose_beginning_is_gone_starts_with_a_gap_and_a_snapshot() -> None:
    words = "".join(f"word{number} " for number in range(300))
    async with served(flock_of(ServedPost(text=words), journal=Journal(max_bytes=40_000))) as site:
        run_id = await streamed_run(site)
        items = (await site.get(f"/runs/{run_id}/events")).json()["items"]
        assert [event["type"] for event in items] == ["gap", "snapshot"]
        assert items[1]["fields"][0]["text"] == words
        items = (await site.get(f"/runs/{run_id}/events", cursor="abc-1")).json()["items"]
        assert [event["type"] for event in items] == ["gap", "snapshot"]
        assert items[0]["reason"] == "other_epoch"


def chained(journal: Journal | None = None) -> Flock:
    """Make a flock in which one publication sets off a writer, and its post two readers."""
    flock = flock_of(ServedPost(text="Owls hoot. " * 100), journal=journal)
    for name in ("reader", "critic"):
        engine = ScriptedEngine(answers=[ServedNote(text=f"{name} nods. " * 50)])
        flock.agent(name).consumes(ServedPost).publishes(ServedNote).engine(engine)
    return flock


async def done_correlation(site: Served) -> str:
    """Publish an idea and wait until nothing is left to do; gives the correlation's id."""
    answer = await site.post("/artifacts", IDEA)
    await site.flock.run_until_idle()
    return str(answer.json()["correlation_id"])


async def read_pages(site: Served, path: str, limit: int) -> list[dict[str, Any]]:
    """Read all events of a path, page by page."""
    found: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    while True:
        page = (await site.get(path, limit=limit, **following)).json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            return found
        following = {"cursor": page["next"]}


async def test_a_correlation_s_events_are_replayed_in_their_order_with_its_publications() -> None:
    async with served(chained()) as site:
        await done_correlation(site)
        correlation_id = await done_correlation(site)
        path = f"/correlations/{correlation_id}/events"
        whole = (await site.get(path)).json()
        events = whole["items"]
        together = (await site.get(f"/correlations/{correlation_id}")).json()
        assert whole["next"] is None
        assert {event["correlation_id"] for event in events} == {correlation_id}
        published = [event["artifact_id"] for event in events if event["type"] == "artifact_published"]
        assert published == [artifact["id"] for artifact in together["artifacts"]]
        assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
        assert len(together["runs"]) == 3
        for run in together["runs"]:
            own = [event for event in events if event["run_id"] == run["run_id"]]
            assert own == (await site.get(f"/runs/{run['run_id']}/events")).json()["items"]

        pages = await read_pages(site, path, 3)
        assert "".join(event.get("content", "") for event in pages) == "".join(
            event.get("content", "") for event in events
        )
        kinds = [event["type"] for event in pages if event["type"] != "streaming_output"]
        assert kinds == [event["type"] for event in events if event["type"] != "streaming_output"]
        assert (await site.get(path, cursor=whole["cursor"])).json()["items"] == []
        error(await site.get(path, cursor="nonsense"), 400, "FLK-CURSOR")
        error(await site.get(f"/correlations/{uuid4()}/events"), 404, "FLK-UNKNOWN")


async def test_joins_that_wait_are_listed_page_by_page() -> None:
    flock = Flock(view=None)
    flock.agent("judge").consumes(ServedIdea, ServedPost).publishes(ServedNote).engine(
        ScriptedEngine(answers=[ServedNote(text="Good.")])
    )
    async with served(flock) as site:
        ideas = [(await site.post("/artifacts", IDEA)).json() for _ in range(3)]
        page = (await site.get("/joins", limit=2)).json()
        assert page["items"][0] == {
            "agent": "judge",
            "correlation_id": ideas[0]["correlation_id"],
            "arrived": [{"type": "ServedIdea", "count": 1, "artifact_id": ideas[0]["id"]}],
            "awaited": ["ServedPost"],
            "since": ideas[0]["created_at"],
        }
        rest = (await site.get("/joins", limit=2, cursor=page["next"])).json()
        assert rest["next"] is None
        waiting = [item["correlation_id"] for item in page["items"] + rest["items"]]
        assert waiting == [idea["correlation_id"] for idea in ideas]
        (only,) = (await site.get("/joins", correlation_id=ideas[1]["correlation_id"])).json()["items"]
        assert only["correlation_id"] == ideas[1]["correlation_id"]
        assert (await site.get("/joins", agent="nobody")).json()["items"] == []
        error(await site.get("/joins", cursor="nonsense"), 400, "FLK-CURSOR")

        post = {"type": "ServedPost", "payload": {"text": "Owls"}, "correlation_id": ideas[0]["correlation_id"]}
        await site.post("/artifacts", post)
        await site.flock.run_until_idle()
        waiting = [item["correlation_id"] for item in (await site.get("/joins")).json()["items"]]
        assert waiting == [idea["correlation_id"] for idea in ideas[1:]]


async def test_those_who_watch_are_listed_the_furthest_behind_first() -> None:
    async with served() as site:
        assert (await site.get("/viewers")).json() == {"items": [], "total": 0}
        async with site.socket() as socket:
            await read_socket(socket, until="hello")
            (viewer,) = (await site.get("/viewers")).json()["items"]
            assert (viewer["kind"], viewer["lag_events"]) == ("websocket", 0)
            assert datetime.fromisoformat(viewer["since"]) <= datetime.now(UTC)
            with site.flock.audience.attend(Standing(7), "program"):
                page = (await site.get("/viewers", limit=1)).json()
                assert [(one["kind"], one["lag_events"]) for one in page["items"]] == [("program", 7)]
                assert page["total"] == 2


async def test_whoever_comes_later_is_given_the_figures_that_viewers_got() -> None:
    async with served() as site:
        assert (await site.get("/metrics")).json() == {"items": [], "next": None}
        async with site.socket() as socket:
            seen = await read_socket(socket, until="metrics")
            received = [event for event in seen.events if event["type"] == "metrics"]
            page = (await site.get("/metrics")).json()
            assert page["items"][: len(received)] == received
            assert page["next"] is None
        assert (await site.get("/metrics")).json()["items"][: len(received)] == received


class Standing:
    """A viewer that is so many events behind."""

    def __init__(self, lag: int) -> None:
        self.lag = lag


async def test_a_correlation_whose_beginning_is_gone_starts_with_a_gap_and_snapshots() -> None:
    async with served(chained(Journal(max_bytes=20_000))) as site:
        correlation_id = await done_correlation(site)
        items = (await site.get(f"/correlations/{correlation_id}/events")).json()["items"]
        assert items[0]["type"] == "gap"
        assert items[0]["reason"] == "too_old"
        assert {event["type"] for event in items[1:]} == {"snapshot"}
        assert {event["agent_name"] for event in items[1:]} == {"writer", "reader", "critic"}


async def test_a_correlation_is_replayed_whole_though_older_ones_are_gone() -> None:
    async with served(chained(Journal(max_bytes=60_000))) as site:
        old, *_, new = [await done_correlation(site) for _ in range(6)]
        items = (await site.get(f"/correlations/{old}/events")).json()["items"]
        assert items[0]["type"] == "gap"
        items = (await site.get(f"/correlations/{new}/events")).json()["items"]
        assert items[0]["type"] == "artifact_published"
        assert [event["type"] for event in items].count("stream_started") == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "FLK-ROUTE"),
        ("GET", "/api/v1/artifacts/", None, 404, "FLK-ROUTE"),
        ("DELETE", "/api/v1/artifacts", None, 405, "FLK-METHOD"),
        ("GET", f"/api/v1/artifacts/{NOBODYS_ID}", None, 404, "FLK-UNKNOWN"),
        ("GET", "/api/v1/artifacts/nonsense", None, 422, "FLK-REQUEST"),
        ("GET", "/api/v1/runs/nonsense", None, 404, "FLK-UNKNOWN"),
        ("POST", "/api/v1/runs/nonsense/cancel", None, 404, "FLK-UNKNOWN"),
        ("GET", "/api/v1/agents/writr", None, 404, "FLK-UNKNOWN"),
        ("POST", "/api/v1/agents/writr/run", RUN, 404, "FLK-UNKNOWN"),
        ("POST", "/api/v1/agents/writer/run", {"inputs": []}, 422, "FLK-REQUEST"),
        ("POST", "/api/v1/agents/writer/run", {"inputs": [{**IDEA, "type": "ServedIde"}]}, 422, "FLK-UNKNOWN"),
        ("POST", "/api/v1/artifacts", {**IDEA, "type": "ServedIde"}, 422, "FLK-UNKNOWN"),
        ("POST", "/api/v1/artifacts", {**IDEA, "payload": {"topic": 1}}, 422, "FLK-PAYLOAD"),
        ("POST", "/api/v1/artifacts", {**IDEA, "payload": None}, 422, "FLK-PAYLOAD"),
        ("POST", "/api/v1/artifacts", {**IDEA, "tag": "typo"}, 422, "FLK-REQUEST"),
        ("POST", "/api/v1/artifacts", {**IDEA, "tags": ["x" * 201]}, 422, "FLK-REQUEST"),
        ("POST", "/api/v1/artifacts", [], 422, "FLK-REQUEST"),
        ("GET", "/api/v1/artifacts?since=yesterday", None, 422, "FLK-REQUEST"),
        ("GET", "/api/v1/artifacts?since=1700000000", None, 422, "FLK-REQUEST"),
        ("GET", "/api/v1/runs?state=happy", None, 422, "FLK-REQUEST"),
    ],
)
async def test_a_wrong_request_gets_a_clear_answer(
    method: str, path: str, body: object, status: int, code: str
) -> None:
    async with served(flock_of()) as site:
        problem = error(await site.http.request(method, path, json=body), status, code)
        if code == "FLK-UNKNOWN" and (body is not None or "agents" in path):
            assert "Did you mean" in problem["hint"]
        if code in ("FLK-PAYLOAD", "FLK-REQUEST"):
            assert all(issue["path"] and issue["message"] for issue in problem["issues"])


@pytest.mark.parametrize(
    "content",
    [b"{", b"", b"nonsense", b"\xff", b"[" * 100_000, b'{"type": "ServedIdea", "payload": {"topic": NaN}}',
     b'{"type": "ServedIdea", "payload": {"topic": "\\ud800"}}'],
)  # fmt: skip
async def test_a_body_that_is_not_json_is_malformed(content: bytes) -> None:
    async with served() as site:
        answer = await site.http.post(
            "/api/v1/artifacts", content=content, headers={"content-type": "application/json"}
        )
        if content:
            error(answer, 400, "FLK-MALFORMED")
        else:
            error(answer, 422, "FLK-REQUEST")


async def test_a_body_that_is_not_declared_as_json_is_refused_with_a_hint() -> None:
    async with served() as site:
        answer = await site.http.post("/api/v1/artifacts", content=json.dumps(IDEA).encode())
        problem = error(answer, 415, "FLK-MEDIA-TYPE")
        assert "application/json" in problem["hint"]


@pytest.mark.default(9)
async def test_a_body_may_be_so_large_and_no_larger() -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    async def slowly() -> Any:
        for chunk in chunks():
            yield chunk

    async with served(max_body_bytes=1000) as site:
        headers = {"content-type": "application/json"}
        url = "/api/v1/artifacts"
        fitting = json.dumps(IDEA).encode().ljust(1000)
        assert (await site.http.post(url, content=fitting, headers=headers)).status_code == 201
        error(await site.http.post(url, content=fitting + b" ", headers=headers), 413, "FLK-BODY-SIZE")
        error(await site.http.post(url, content=slowly(), headers=headers), 413, "FLK-BODY-SIZE")
        problem = error(await site.http.post(url, content=b" " * 5_000_000, headers=headers), 413, "FLK-BODY-SIZE")
        assert "max_body_bytes" not in problem["hint"]


@pytest.mark.default(9)
async def test_headers_may_be_so_large_and_no_larger() -> None:
    async with served() as site:
        for headers in ({"x": "y" * 20_000}, {f"x-{number}": "y" * 100 for number in range(200)}):
            answer = await site.http.get("/health", headers=headers)
            error(answer, 431, "FLK-HEADER-SIZE")
        assert (await site.http.get("/health", headers={"x": "y" * 10_000})).status_code == 200
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(b"GET /health HTTP/1.1\r\nx: ")
        status = asyncio.create_task(reader.readline())
        while not status.done():
            writer.write(b"y" * 1000)
            await asyncio.sleep(0.001)
        assert status.result().startswith(b"HTTP/1.1 431")
        writer.close()


@pytest.mark.parametrize(
    "begun", [b"", b"GET /health HTTP/1.1\r\nx: y", b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\nG"]
)
async def test_a_request_that_does_not_come_to_an_end_is_not_waited_for(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEADER_TIMEOUT_S", 0.1)
    async with served() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(begun)
        with suppress(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert (await site.http.get("/health")).status_code == 200


@pytest.mark.parametrize("is_compiled", [True, False])
async def test_what_is_no_http_gets_an_answer_in_the_same_shape(
    *, is_compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_compiled:
        monkeypatch.setattr(serving, "find_spec", lambda name: None)
    async with served() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(b"nonsense\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 Bad Request")
        assert b'{"error":{"code":"FLK-MALFORMED"' in answer
        assert b"default-src 'none'" in answer
        writer.close()


async def test_what_was_done_once_is_not_done_again() -> None:
    flock = flock_of()
    engine = flock.agents["writer"].engine
    assert isinstance(engine, Counting)
    async with served(flock) as site:
        key = {"idempotency-key": "one"}
        first, second = await asyncio.gather(*(site.post("/agents/writer/run", RUN, **key) for _ in range(2)))
        third = await site.post("/agents/writer/run", RUN, **key)
        assert first.json() == second.json() == third.json()
        assert third.headers["idempotent-replayed"] == "true"
        assert engine.runs == 1
        other = {"inputs": [{**IDEA, "payload": {"topic": "mice"}}]}
        error(await site.post("/agents/writer/run", other, **key), 422, "FLK-IDEMPOTENCY")
        error(await site.post("/artifacts", RUN, **key), 422, "FLK-IDEMPOTENCY")
        assert (await site.post("/agents/writer/run", RUN, **{"idempotency-key": "two"})).json() != first.json()
        error(await site.post("/artifacts", IDEA, **{"idempotency-key": "x" * 256}), 400, "FLK-MALFORMED")


async def test_a_stream_that_is_asked_for_again_shows_the_same_run() -> None:
    flock = flock_of()
    engine = flock.agents["writer"].engine
    assert isinstance(engine, Counting)
    async with served(flock) as site:
        body, headers = {**RUN, "stream": True}, {"idempotency-key": "one"}
        async with site.http.stream("POST", "/api/v1/agents/writer/run", json=body, headers=headers) as answer:
            run_id = answer.headers["flock-run-id"]
            await answer.aread()
        again = await site.http.post("/api/v1/agents/writer/run", json=body, headers=headers)
        assert again.headers["flock-run-id"] == run_id
        assert again.headers["idempotent-replayed"] == "true"
        assert "Owls hoot." in again.text
        assert again.text.endswith("event: close\ndata: 1000\n\n")
        assert engine.runs == 1


async def test_a_stream_that_is_asked_for_again_while_it_runs_ends_with_it() -> None:
    engine = Gated(text="Owls", output=ServedPost(text="Owls"))
    async with served(gated(engine)) as site, site.socket() as socket:
        body, headers = {**RUN, "stream": True}, {"idempotency-key": "one"}
        requests = [
            asyncio.create_task(site.http.post("/api/v1/agents/waiter/run", json=body, headers=headers))
            for _ in range(2)
        ]
        await read_socket(socket, until="streaming_output")
        engine.gate.set()
        first, second = await asyncio.gather(*requests)
        assert first.headers["flock-run-id"] == second.headers["flock-run-id"]
        for answer in (first, second):
            assert '"is_final":true' in answer.text or '"status":"completed"' in answer.text
            assert answer.text.endswith("event: close\ndata: 1000\n\n")


async def test_a_stream_that_is_asked_for_again_when_it_is_forgotten_is_not_waited_for() -> None:
    async with served(flock_of(journal=Journal(recent_runs=1))) as site:
        body, headers = {**RUN, "stream": True}, {"idempotency-key": "one"}
        await site.post("/agents/writer/run", body, **headers)
        await streamed_run(site)
        problem = error(await site.post("/agents/writer/run", body, **headers), 404, "FLK-UNKNOWN")
        assert "forgotten" in problem["message"]


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/ready", "/metrics", "/api/v1/agents", "/api/v1/events"])
async def test_head_is_answered_wherever_get_is(path: str) -> None:
    async with served(flock_of(), dashboard=True) as site:
        async with site.http.stream("GET", path) as whole:
            pass
        head = await site.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers["x-frame-options"] == "DENY"
    assert len(site.flock.audience) == 0


async def test_head_needs_what_get_needs() -> None:
    async with served() as site, httpx.AsyncClient(base_url=site.server.url, trust_env=False) as stranger:
        assert (await stranger.head("/health")).status_code == 200
        answer = await stranger.head("/api/v1/agents")
        assert (answer.status_code, answer.content) == (401, b"")
        assert (await site.http.head("/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/artifacts", "GET, POST, HEAD"),
        ("/api/v1/agents/writer/run", "POST"),
        ("/api/v1/runs/one/events", "GET, HEAD"),
        ("/health", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_refused_is_told_all_others(path: str, allowed: str) -> None:
    async with served(flock_of()) as site:
        answer = await site.http.delete(path)
        assert allowed in error(answer, 405, "FLK-METHOD")["hint"]
        assert answer.headers["allow"] == allowed


async def test_the_document_of_an_open_server_asks_for_no_token() -> None:
    async with served(token=None, insecure_no_auth=True) as site:
        document = (await site.http.get("/openapi.json")).json()
        assert document == (await site.http.get("/openapi.json")).json()
        assert "securitySchemes" not in document["components"]
        assert all("security" not in operation for path in document["paths"].values() for operation in path.values())


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/artifacts?tags=x", "Did you mean 'tag'?"),
        ("/runs?status=failed", "Did you mean 'state'?"),
        ("/runs/one/events?limits=5", "Did you mean 'limit'?"),
        ("/agents?name=writer", "This path takes none."),
        ("/types?x", "This path takes none."),
        (f"/correlations/{NOBODYS_ID}?Limit=5", "Did you mean 'limit'?"),
        ("/events?run=1", "Did you mean 'run_id'?"),
    ],
)
async def test_a_query_parameter_nobody_knows_is_named(path: str, hint: str) -> None:
    async with served(flock_of()) as site:
        key = path.partition("?")[2].partition("=")[0]
        problem = error(await site.http.get(f"/api/v1{path}{'' if '=' in path else '=1'}"), 422, "FLK-REQUEST")
        assert repr(key) in problem["message"]
        assert problem["issues"][0]["path"] == f"query.{key}"
        assert hint in problem["hint"]


async def test_a_closed_flock_takes_no_work_and_says_that_it_is_not_ready() -> None:
    async with served(flock_of()) as site:
        assert (await site.http.get("/ready")).json() == {"status": "ready"}
        await site.flock.shutdown(grace_s=0)
        for answer in (
            await site.post("/artifacts", IDEA),
            await site.post("/agents/writer/run", RUN),
            await site.http.get("/ready"),
        ):
            error(answer, 503, "FLK-CLOSED")
        assert (await site.http.get("/health")).status_code == 200


async def test_the_document_and_the_metrics_are_served() -> None:
    async with served(flock_of()) as site:
        await site.post("/agents/writer/run", RUN)
        document = (await site.http.get("/openapi.json")).json()
        assert "/api/v1/agents/{name}/run" in document["paths"]
        assert "HTTPValidationError" not in document["components"]["schemas"]
        (live,) = [tag["description"] for tag in document["tags"] if tag["name"] == "live"]
        assert all(f"| {close.code} | {close.name} |" in live for close in CLOSES)
        kinds = document["paths"]["/api/v1/artifacts"]["get"]["parameters"]
        assert "the list is empty" in next(kind["description"] for kind in kinds if kind["name"] == "type")
        tags = document["components"]["schemas"]["Publication"]["properties"]["tags"]
        assert (tags["maxItems"], tags["items"]["maxLength"]) == (100, 200)
        schemes = document["components"]["securitySchemes"]
        assert (schemes["token"]["scheme"], schemes["session"]["in"]) == ("bearer", "cookie")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                takes_any = path == "/api/v1/session" and method != "post"
                is_open = path in ("/health", "/ready", "/api/v1/session") and not takes_any
                assert bool(operation["security"]) != is_open
                assert all(bool(scopes) != takes_any for way in operation["security"] for scopes in way.values())
                names = {parameter["name"] for parameter in operation.get("parameters", [])}
                assert ("Idempotency-Key" in names) == (method == "post" and not is_open)
        text = (await site.http.get("/metrics")).text
        for name in (
            "flock_active_streams 0.0",
            "flock_queued_streams 0.0",
            "flock_viewers 0.0",
            'flock_time_to_first_token_seconds_count{agent="writer"} 1.0',
            "flock_stream_tokens_total 2.0",
            'flock_stream_decisions_total{decision="off"} 1.0',
            "flock_viewer_lag_events 0.0",
            "flock_journal_bytes ",
            "flock_journal_events ",
        ):
            assert name in text
