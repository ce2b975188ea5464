"""What the tokens of a server may do and see, surface by surface, over real sockets."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from httpx_sse import aconnect_sse
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from flock.errors import ServingError
from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from flock.tokens import Token
from flock.version import VERSION
from flock.visibility import AfterVisibility, LabelledVisibility, TenantVisibility
from tests.backend import Seen, Served, ServedIdea, ServedPost, read_socket, served
from tests.engines import Gated

READER = Token("the-secret-of-readers")
PUBLISHER = Token("the-secret-of-publishers", scopes=["publish"])
GUEST = Token("the-secret-of-guests", scopes=["read", "publish"])
STAFF = Token("the-secret-of-the-staff", scopes=["read", "publish"], labels=["staff"])
ADMIN = Token("the-secret-of-admins", scopes=["admin"])
ACME = Token("the-secret-of-acme-inc", scopes=["read", "publish"], tenant="acme")
ACME_TOO = Token("the-2nd-secret-of-acme", scopes=["read", "publish"], tenant="acme")
ACME_ADMIN = Token("the-secret-of-acme-admins", scopes=["admin"], tenant="acme")
BETA = Token("the-secret-of-beta-inc", scopes=["read", "publish"], tenant="beta")
BETA_ADMIN = Token("the-secret-of-beta-admins", scopes=["admin"], tenant="beta")
TOKENS = (READER, PUBLISHER, GUEST, STAFF, ADMIN, ACME, ACME_TOO, ACME_ADMIN, BETA, BETA_ADMIN)

IDEA = {"type": "ServedIdea", "payload": {"topic": "owls"}}
RUN = {"inputs": [IDEA]}


def flock_of() -> Flock:
    """Make a flock with an agent for everybody, one of acme, and one whose posts are the staff's."""
    flock = Flock(view=None)

    def engine() -> ScriptedEngine:
        return ScriptedEngine(answers=[ServedPost(text="Owls hoot.")])

    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine())
    flock.agent("acme_writer").identity(tenant="acme").consumes(ServedIdea).publishes(ServedPost).engine(engine())
    builder = flock.agent("staff_writer").consumes(ServedIdea)
    builder.publishes(ServedPost, visibility=LabelledVisibility("staff")).engine(engine())
    return flock


class Asker:
    """Somebody with a token."""

    def __init__(self, site: Served, http: httpx.AsyncClient, token: Token) -> None:
        self.site = site
        self.http = http
        self.headers = {"authorization": f"Bearer {token.secret}"}

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Get something below `/api/v1`."""
        return await self.http.get(f"/api/v1{path}", params=params, headers=self.headers)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Post JSON below `/api/v1`."""
        content = b"" if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"} if body is not None else {}
        return await self.http.post(f"/api/v1{path}", content=content, headers={**self.headers, **kind, **headers})

    async def ids(self, path: str, key: str, **params: Any) -> list[str]:
        """Give the ids of all items of a list, page by page."""
        found: list[str] = []
        while True:
            answer = await self.get(path, **params)
            assert answer.status_code == 200, answer.text
            found += [item[key] for item in answer.json()["items"]]
            if answer.json()["next"] is None:
                return found
            params["cursor"] = answer.json()["next"]

    def socket(self, query: str = "") -> connect:
        """Connect a WebSocket."""
        return self.site.socket(query, additional_headers=self.headers)


class Many(Served):
    """A served flock, and whoever asks it."""

    def by(self, token: Token) -> Asker:
        """Give who has this token."""
        return Asker(self, self.http, token)


@asynccontextmanager
async def many(flock: Flock | None = None) -> AsyncIterator[Many]:
    """Serve a flock to the holders of all tokens."""
    async with served(flock or flock_of(), tokens=TOKENS) as site:
        yield Many(site.flock, site.server, site.http)


def routes(site: Served) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Give each method of each path that a request can be sent to, and what it needs."""
    assert site.server.app is not None
    names = {key: str(uuid4()) for key in ("artifact_id", "correlation_id", "run_id", "name")}
    for (method, path), scopes in site.server.app.needed_scopes.items():
        if method != "WEBSOCKET":
            yield method, path.format(**names), frozenset(scopes)


async def status(asker: Asker, method: str, path: str) -> tuple[int, str | None]:
    """Ask with a body that is not JSON; gives the status and the code of the error."""
    content = b"{" if method == "POST" else b""
    async with asker.http.stream(method, path, content=content, headers=asker.headers) as answer:
        if answer.status_code in (200, 204):
            return answer.status_code, None
        return answer.status_code, json.loads(await answer.aread())["error"]["code"]


async def test_a_token_may_do_what_its_scopes_say_and_is_told_what_it_lacks() -> None:
    async with many() as site:
        for token in TOKENS:
            for method, path, needed in routes(site):
                answer = await status(site.by(token), method, path)
                if needed and path not in ("/metrics", "/api/v1/metrics", "/api/v1/viewers"):
                    is_refused = not needed <= token.grant.scopes
                    assert (answer == (403, "FLK-SCOPE")) == is_refused, (token, method, path, answer)
        refusal = await site.by(PUBLISHER).post("/agents/writer/run", RUN)
        assert refusal.json()["error"] == {
            "code": "FLK-SCOPE",
            "message": "This token lacks the scope 'read'.",
            "hint": "Take one whose scopes include 'read'.",
        }


async def close_code(socket: ClientConnection) -> int:
    """Read until it is closed; gives the code, 0 where a frame came."""
    try:
        await socket.recv()
    except ConnectionClosed:
        return int(socket.close_code or 0)
    return 0


async def test_a_socket_needs_the_scope_read_however_the_token_is_shown() -> None:
    async with many() as site:
        for token, code in ((PUBLISHER, 4406), (READER, 0), (ACME_ADMIN, 0)):
            async with site.by(token).socket() as socket:
                assert await close_code(socket) == code
            async with connect(site.ws_url(), proxy=None) as socket:
                await socket.send(json.dumps({"token": token.secret}))
                assert await close_code(socket) == code
            session = (await site.by(token).post("/session", {})).headers["set-cookie"].partition(";")[0]
            async with connect(site.ws_url(), proxy=None, additional_headers={"cookie": session}) as socket:
                assert await close_code(socket) == code


async def test_a_session_may_do_what_its_token_may_and_nothing_more() -> None:
    async with many() as site, httpx.AsyncClient(base_url=site.server.url, trust_env=False) as browser:
        headers = site.by(ACME).headers
        assert (await browser.post("/api/v1/session", json={}, headers=headers)).status_code == 204
        answer = await browser.post("/api/v1/artifacts", json=IDEA)
        assert (answer.status_code, answer.json()["visibility"]) == (201, {"kind": "tenant", "tenant": "acme"})
        assert (await browser.get("/metrics")).status_code == 403
        path = f"/api/v1/runs/{uuid4()}/cancel"
        assert (await browser.post(path)).status_code == 403


async def test_whoever_has_come_in_is_told_what_they_may_do_and_see() -> None:
    async with many() as site:
        for token in TOKENS:
            answer = await site.by(token).get("/session")
            assert answer.status_code == 200
            told = answer.json()
            assert set(told["scopes"]) == token.grant.scopes
            assert told["tenant"] == token.tenant
            assert set(told["labels"]) == token.labels
            assert told["sees_all"] == (token is ADMIN)
            assert (told["can_sign_out"], told["mode"], told["dashboard"]) == (False, site.flock.runtime_mode, False)
            assert told["version"] == VERSION


async def completed(asker: Asker, agent: str = "writer", **more: object) -> dict[str, Any]:
    """Run an agent; gives its result."""
    answer = await asker.post(f"/agents/{agent}/run", {**RUN, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


NO_ID = "00000000-0000-4000-8000-000000000000"


async def assert_unknown(asker: Asker, method: str, path: str, value: str) -> None:
    """Check that what exists and what does not are answered alike, but for the id."""
    there, nowhere = [
        await asker.http.request(method, f"/api/v1{path.format(known)}", headers=asker.headers)
        for known in (value, NO_ID)
    ]
    assert there.status_code == nowhere.status_code == 404
    assert there.text.replace(value, NO_ID) == nowhere.text
    lengths = [{**answer.headers, "date": ""} for answer in (there, nowhere)]
    assert lengths[0] == lengths[1]


async def test_what_a_tenant_does_is_there_for_the_tenant_and_unknown_to_others() -> None:
    async with many() as site:
        result = await completed(site.by(ACME))
        run_id, correlation_id = result["run_id"], result["correlation_id"]
        (post,) = result["artifacts"]
        assert post["visibility"] == {"kind": "tenant", "tenant": "acme"}
        for token in (ACME, ACME_TOO, ACME_ADMIN, ADMIN):
            asker = site.by(token)
            assert run_id in await asker.ids("/runs", "run_id")
            assert {post["id"], *post["derived_from"]} <= {*(await asker.ids("/artifacts", "id"))}
            for path in (f"/runs/{run_id}", f"/artifacts/{post['id']}", f"/runs/{run_id}/events"):
                assert (await asker.get(path)).status_code == 200
            together = (await asker.get(f"/correlations/{correlation_id}")).json()
            assert len(together["runs"]) == 1
            assert len(together["artifacts"]) == 2
        for token in (BETA, READER, STAFF, BETA_ADMIN):
            asker = site.by(token)
            assert await asker.ids("/runs", "run_id") == []
            assert await asker.ids("/artifacts", "id") == []
            await assert_unknown(asker, "GET", "/artifacts/{}", post["id"])
            await assert_unknown(asker, "GET", "/runs/{}", run_id)
            await assert_unknown(asker, "GET", "/runs/{}/events", run_id)
            await assert_unknown(asker, "GET", "/correlations/{}", correlation_id)
            await assert_unknown(asker, "GET", "/correlations/{}/events", correlation_id)
        for what in ("cancel", "retry"):
            await assert_unknown(site.by(BETA_ADMIN), "POST", f"/runs/{{}}/{what}", run_id)
        await assert_unknown(site.by(BETA_ADMIN), "POST", "/correlations/{}/cancel", correlation_id)
        assert (await site.by(ACME_ADMIN).post(f"/runs/{run_id}/retry")).status_code == 202


async def test_the_events_of_a_correlation_are_those_the_asker_may_see() -> None:
    async with many() as site:
        correlation_id = uuid4()
        runs = {
            tenant: await site.flock.start_run(
                "writer", [ServedIdea(topic="x")], correlation_id=correlation_id, visibility=TenantVisibility(tenant)
            )
            for tenant in ("acme", "beta")
        }
        for run in runs.values():
            await site.flock.wait_run(run.run_id)
        for token, tenants in ((ACME, {"acme"}), (BETA, {"beta"}), (ADMIN, {"acme", "beta"})):
            items = (await site.by(token).get(f"/correlations/{correlation_id}/events")).json()["items"]
            assert {event["run_id"] for event in items} - {None} == {runs[tenant].run_id for tenant in tenants}
            published = {event["artifact_id"] for event in items if event["type"] == "artifact_published"}
            made = {str(one.id) for tenant in tenants for one in (*runs[tenant].inputs, *runs[tenant].artifacts)}
            assert published == made


async def test_pages_are_full_and_end_whatever_lies_between() -> None:
    async with many() as site:
        kept: list[str] = []
        for number in range(12):
            visibility = TenantVisibility("acme" if number % 3 else "beta")
            artifact = await site.flock.publish_artifact(ServedPost(text=str(number)), visibility=visibility)
            kept += [str(artifact.id)] if number % 3 else []
        asker = site.by(ACME)
        first = (await asker.get("/artifacts", limit=5)).json()
        assert [item["id"] for item in first["items"]] == kept[:5]
        rest = (await asker.get("/artifacts", limit=5, cursor=first["next"])).json()
        assert ([item["id"] for item in rest["items"]], rest["next"]) == (kept[5:], None)


async def test_what_opens_later_is_unknown_until_then() -> None:
    async with many() as site:
        artifact = await site.flock.publish_artifact(
            ServedPost(text="soon"), visibility=AfterVisibility(3600, TenantVisibility("acme"))
        )
        await assert_unknown(site.by(ACME), "GET", "/artifacts/{}", str(artifact.id))
        assert (await site.by(ADMIN).get(f"/artifacts/{artifact.id}")).status_code == 200


async def test_an_agent_of_a_tenant_is_unknown_to_others_and_never_suggested() -> None:
    async with many() as site:
        names = {token: await site.by(token).ids("/agents", "name") for token in (ACME, ADMIN, BETA, STAFF)}
        assert names[ACME] == names[ADMIN] == ["writer", "acme_writer", "staff_writer"]
        assert names[BETA] == names[STAFF] == ["writer", "staff_writer"]
        assert (await site.by(ACME).get("/agents/acme_writer")).status_code == 200
        for path in ("/agents/acme_writer", "/agents/acme_writers"):
            error = (await site.by(BETA).get(path)).json()["error"]
            assert error["hint"] == "Did you mean 'writer' or 'staff_writer'?"
        answer = await site.by(BETA).post("/agents/acme_writer/run", RUN)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "FLK-UNKNOWN")
        assert (await completed(site.by(ACME), "acme_writer"))["status"] == "completed"


async def test_a_run_whose_asker_could_not_see_it_is_refused_and_sets_nothing_off() -> None:
    async with many() as site:
        for stream in (False, True):
            for token in (GUEST, ACME):
                answer = await site.by(token).post("/agents/staff_writer/run", {**RUN, "stream": stream})
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FLK-SCOPE")
        assert (await site.by(ADMIN).get("/artifacts")).json()["items"] == []
        (post,) = (await completed(site.by(STAFF), "staff_writer"))["artifacts"]
        assert post["visibility"] == {"kind": "labelled", "labels": ["staff"]}


async def test_cancelling_a_correlation_touches_what_may_be_seen() -> None:
    flock = Flock(view=None)
    engine = Gated(output=ServedPost(text="late"))
    flock.agent("waiter").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    async with many(flock) as site:
        correlation_id = uuid4()
        runs = {
            tenant: await flock.start_run(
                "waiter", [ServedIdea(topic="x")], correlation_id=correlation_id, visibility=TenantVisibility(tenant)
            )
            for tenant in ("acme", "beta")
        }
        answer = await site.by(ACME_ADMIN).post(f"/correlations/{correlation_id}/cancel")
        assert (answer.status_code, answer.json()["cancelled"]) == (202, [runs["acme"].run_id])
        await flock.wait_run(runs["acme"].run_id)
        assert not runs["beta"].is_finished
        engine.gate.set()
        await flock.wait_run(runs["beta"].run_id)
        assert [runs[tenant].state for tenant in ("acme", "beta")] == ["cancelled", "completed"]


async def test_a_live_viewer_gets_the_streams_it_may_see_and_no_others() -> None:
    async with many() as site:
        seen: dict[str, Seen] = {}
        early = await completed(site.by(ACME))
        async with (
            site.by(ACME).socket() as acme,
            site.by(BETA).socket() as beta,
            site.by(ADMIN).socket() as admin,
            connect(site.ws_url(), proxy=None) as first_message,
        ):
            await first_message.send(json.dumps({"token": BETA.secret}))
            late = await completed(site.by(ACME))
            own = await completed(site.by(BETA))
            viewers = {"acme": acme, "beta": beta, "admin": admin, "it": first_message}
            for name, socket in viewers.items():
                seen[name] = await read_socket(socket, until="final", count=2 if name == "admin" else 1)
        runs = {
            name: {str(event["run_id"]) for event in viewer.events if event_has_run(event)}
            for name, viewer in seen.items()
        }
        assert runs["acme"] == {early["run_id"], late["run_id"]}
        assert runs["beta"] == runs["it"] == {own["run_id"]}
        assert runs["admin"] == {early["run_id"], late["run_id"], own["run_id"]}


def event_has_run(event: object) -> bool:
    """Whether this is an event of a run, and not a compact delta."""
    return isinstance(event, dict) and event.get("run_id") is not None


async def test_server_sent_events_and_a_stale_cursor_show_no_other_tenant_s_streams() -> None:
    async with many() as site:
        hidden = await completed(site.by(ACME))
        own = await completed(site.by(BETA))
        for cursor in ("", "other-7"):
            headers = {**site.by(BETA).headers, **({"last-event-id": cursor} if cursor else {})}
            async with aconnect_sse(site.http, "GET", "/api/v1/events", headers=headers) as source:
                message = await anext(aiter(source.aiter_sse()))
            assert hidden["run_id"] not in message.data
            assert hidden["correlation_id"] not in message.data
            assert own["run_id"] in message.data


async def test_a_key_of_another_token_repeats_nothing_and_says_nothing() -> None:
    async with many() as site:
        key = {"idempotency-key": "one"}
        answers = [await site.by(token).post("/artifacts", IDEA, **key) for token in (ACME, ACME_TOO, BETA, ACME)]
        assert [answer.status_code for answer in answers] == [201] * 4
        ids = [answer.json()["id"] for answer in answers]
        assert len(set(ids)) == 3
        assert ids[3] == ids[0]
        assert ["idempotent-replayed" in answer.headers for answer in answers] == [False, False, False, True]
        other = {**IDEA, "tags": ["another"]}
        assert (await site.by(BETA).post("/artifacts", other, **key)).status_code == 422
        assert (await site.by(GUEST).post("/artifacts", other, **key)).status_code == 201


async def test_a_streamed_run_is_repeated_to_the_token_that_asked_for_it() -> None:
    async with many() as site:
        key = {"idempotency-key": "two"}
        body = {**RUN, "stream": True}
        first = await site.by(ACME).post("/agents/writer/run", body, **key)
        again = await site.by(ACME).post("/agents/writer/run", body, **key)
        other = await site.by(BETA).post("/agents/writer/run", body, **key)
        run_id = first.headers["flock-run-id"]
        assert again.headers["flock-run-id"] == run_id
        assert "Owls hoot." in again.text
        assert other.headers["flock-run-id"] != run_id
        assert run_id not in other.text


async def test_metrics_name_agents_to_those_who_may_see_their_runs_and_are_not_for_tenants() -> None:
    async with many() as site:
        await completed(site.by(ACME), "acme_writer")
        await completed(site.by(GUEST))
        texts = {token: await site.http.get("/metrics", headers=site.by(token).headers) for token in TOKENS}
        for token in (READER, STAFF, GUEST):
            assert 'agent="writer"' in texts[token].text
            assert "acme" not in texts[token].text
        assert 'agent="acme_writer"' in texts[ADMIN].text
        for token in (ACME, BETA, ACME_ADMIN, PUBLISHER):
            assert texts[token].status_code == 403
            assert (await site.by(token).get("/viewers")).status_code == 403
            assert (await site.by(token).get("/metrics")).status_code == 403
            assert "flock_" not in texts[token].text
        assert (await site.by(READER).get("/viewers")).status_code == 200
        assert (await site.by(READER).get("/metrics")).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0"])
async def test_a_host_beyond_this_machine_may_be_opened_by_tokens_alone(host: str) -> None:
    async with served(host=host, token=None, tokens=(READER,)) as site:
        answer = await site.http.get("/api/v1/agents", headers={"authorization": f"Bearer {READER.secret}"})
        assert answer.status_code == 200


async def test_tokens_of_the_flock_and_of_its_serving_are_in_force_together_and_stay_secret() -> None:
    flock = Flock(view=None, tokens=[READER])
    async with flock, flock.serving(port=0, tokens=[GUEST]) as server, httpx.AsyncClient(trust_env=False) as http:
        for token in (READER, GUEST):
            headers = {"authorization": f"Bearer {token.secret}"}
            assert (await http.get(f"{server.url}/api/v1/agents", headers=headers)).status_code == 200
            assert flock.redactor.redact(f"say {token.secret}") == "say [redacted]"
        path = f"{server.url}/api/v1/agents/{GUEST.secret}"
        assert GUEST.secret not in (await http.get(path, headers=headers)).text
    other = Flock(view=None, tokens=[READER])
    with pytest.raises(ServingError, match="same secret"):
        async with other, other.serving(port=0, tokens=[READER]):
            pass
