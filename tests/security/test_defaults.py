"""What holds by default, where no other test does: each test says which of the fourteen defaults it is for.

`tests/security/test_default_index.py` lists the tests of each.
"""

import ast
import inspect
import logging
import re
import secrets
import socket
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

import flock
from flock.orchestrator import Flock
from flock.server.auth import Auth
from flock.server.guards import SECURITY_HEADERS
from flock.server.settings import ServerSettings
from flock.testing import ScriptedEngine
from flock.tokens import Token
from flock.writer import MAX_DELTA_CHARS
from tests.backend import TOKEN, ServedIdea, ServedPost, served

SOURCES = Path(flock.__file__).parent
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "jsonpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "__import__", "compile"}
CLIENTS = {"urllib.request", "http.client", "httpx", "requests", "aiohttp", "urllib3", "ftplib", "smtplib"}
IMPORTS_BY_NAME = {"cli/target.py"}
"""Where a module is imported by a name: the one that the user of the command gives."""
ASKS_MODELS = "engines/"
SECRET_TEXT = "the-text-of-a-prompt-that-is-nobody-else-s"


@pytest.mark.default(1)
async def test_a_server_listens_on_this_machine_only_unless_told_otherwise() -> None:
    assert ServerSettings().host == "127.0.0.1"
    assert inspect.signature(Flock.serve).parameters["host"].default == "127.0.0.1"
    async with served() as site:
        addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, family=socket.AF_INET)}
        for address in addresses - {"127.0.0.1"}:
            with socket.socket() as client, pytest.raises(ConnectionRefusedError):
                client.connect((address, site.server.port))


@pytest.mark.default(2)
def test_every_token_is_compared_whole_and_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    compare = secrets.compare_digest

    def noting(shown: bytes, expected: bytes) -> bool:
        compared.append((len(shown), len(expected)))
        return bool(compare(shown, expected))

    monkeypatch.setattr(secrets, "compare_digest", noting)
    auth = Auth(TOKEN, port=1, tokens=[Token("another-token-of-this-server")])
    for shown in (TOKEN, TOKEN[:-1], "x", "", "another-token-of-this-server", "x" * 10_000):
        auth.holder_of(shown)
    assert len(compared) == 12
    assert len(set(compared)) == 1


@pytest.mark.default(2)
async def test_a_token_in_an_address_opens_nothing_and_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as site, httpx.AsyncClient(trust_env=False) as http:
        for name in ("token", "access_token", "authorization", "code"):
            assert (await http.get(f"{site.server.url}/api/v1/agents?{name}={TOKEN}")).status_code == 401
    assert TOKEN not in "".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))


@pytest.mark.default(4)
async def test_a_browser_is_told_nothing_that_opens_the_server_to_other_origins() -> None:
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    origins = ("https://flock.example", "http://evil.example")
    async with served(allowed_origins=origins[:1]) as site:
        for origin in (*origins, site.server.url):
            answers = [
                await site.http.options("/api/v1/artifacts", headers={**ask, "origin": origin}),
                await site.http.get("/api/v1/artifacts", headers={"origin": origin}),
            ]
            assert not any(name.startswith("access-control-") for answer in answers for name in answer.headers)


@pytest.mark.default(5)
def test_the_policy_of_every_answer_is_the_one_that_was_decided() -> None:
    assert SECURITY_HEADERS["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert SECURITY_HEADERS["x-content-type-options"] == "nosniff"
    assert SECURITY_HEADERS["referrer-policy"] == "no-referrer"


def foreign_addresses(page: str) -> list[str]:
    """Give what a page loads or may load from elsewhere."""
    return re.findall(r"""(?:https?:)?//[\w.-]+\.\w+|@import|url\((?!["']?data:)""", page)


@pytest.mark.default(5)
def test_the_pages_name_no_other_host() -> None:
    pages = [file for file in files("flock.server").joinpath("fallback").iterdir() if file.is_file()]
    assert {page.name for page in pages} >= {"index.html", "app.js", "docs.html", "docs.js"}
    for page in pages:
        assert foreign_addresses(page.read_text()) == [], page.name
    assert foreign_addresses("<script src='//cdn.example/x.js'>") == ["//cdn.example"]
    assert foreign_addresses("body { background: url(/x) }") == ["url("]


def violations(source: str, path: str) -> Iterator[str]:
    """Give what could run or load code that stands in data."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = {alias.name.partition(".")[0] for alias in names} & FORBIDDEN_MODULES
            case ast.ImportFrom(module=str(module)):
                found = {module.partition(".")[0]} & FORBIDDEN_MODULES
            case ast.Call(func=ast.Name(id=name)):
                found = {name} & FORBIDDEN_CALLS
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant()]):
                continue
            case ast.Call(func=ast.Attribute(attr="import_module")) if path not in IMPORTS_BY_NAME:
                found = {"import_module"}
            case _:
                continue
        yield from found


def sources() -> Iterator[tuple[str, str]]:
    """Give the path and the text of every module of the product."""
    for file in SOURCES.rglob("*.py"):
        yield file.relative_to(SOURCES).as_posix(), file.read_text()


@pytest.mark.default(8)
def test_nothing_loads_or_runs_what_stands_in_data() -> None:
    assert {path: found for path, text in sources() if (found := list(violations(text, path)))} == {}
    assert list(violations("import pickle", "x.py")) == ["pickle"]
    assert list(violations("from yaml import load", "x.py")) == ["yaml"]
    assert list(violations("eval('1')", "x.py")) == ["eval"]
    assert list(violations("import importlib\nimportlib.import_module(name)", "x.py")) == ["import_module"]


@pytest.mark.default(8)
async def test_a_type_nobody_knows_is_imported_by_no_name() -> None:
    before = set(sys.modules)
    async with served() as site:
        for name in ("antigravity:fly", "this", "builtins.eval", "../flock", "turtle.Turtle"):
            answer = await site.post("/artifacts", {"type": name, "payload": {}})
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "FLK-UNKNOWN")
            assert (await site.get("/artifacts", type=name)).json()["items"] == []
    assert not {"antigravity", "this", "turtle"} & (set(sys.modules) - before)


@pytest.mark.default(9)
def test_the_bounds_are_the_ones_that_were_decided() -> None:
    settings = ServerSettings()
    assert settings.max_body_bytes == 2**20
    assert settings.max_message_bytes == 64 * 2**10
    assert settings.max_header_bytes == 16 * 2**10
    assert settings.max_viewers == 256
    assert settings.token_timeout_s == 5
    assert 4 * MAX_DELTA_CHARS <= 64 * 2**10


@pytest.mark.default(9)
async def test_nothing_that_comes_in_is_decompressed() -> None:
    async with served() as site:
        async with site.socket(extensions=[ClientPerMessageDeflateFactory()], compression=None) as socket:
            assert socket.protocol.extensions == []
        bomb = b"\x1f\x8b" + b"\0" * 50
        answer = await site.http.post(
            "/api/v1/artifacts", content=bomb, headers={"content-encoding": "gzip", "content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "FLK-MALFORMED")


@pytest.mark.default(11)
@pytest.mark.parametrize("answer", [ServedPost(text=SECRET_TEXT), ValueError("plain")], ids=["completes", "fails"])
async def test_what_agents_are_told_and_say_is_in_no_log_above_debug(
    answer: ServedPost | ValueError, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    flock = Flock(view=None)
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(ScriptedEngine(answers=[answer]))
    async with served(flock) as site:
        await site.post("/artifacts", {"type": "ServedIdea", "payload": {"topic": SECRET_TEXT}})
        await flock.run_until_idle()
        await site.post("/artifacts", {"type": "ServedIdea", "payload": {"topic": 7, "more": SECRET_TEXT}})
    assert SECRET_TEXT not in caplog.text


@pytest.mark.default(11)
async def test_what_a_model_says_is_not_altered_though_it_looks_like_a_key() -> None:
    said = "use sk-abcdefghijklmnopqrstuvwx and Bearer abcdefghijklmnop"
    flock = Flock(view=None)
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(
        ScriptedEngine(answers=[ServedPost(text=said)])
    )
    async with served(flock) as site:
        answer = await site.post("/agents/writer/run", {"inputs": [{"type": "ServedIdea", "payload": {"topic": "x"}}]})
        assert answer.json()["artifacts"][0]["payload"]["text"] == said
        events = (await site.get(f"/runs/{answer.json()['run_id']}/events")).json()["items"]
        assert "".join(event.get("content", "") for event in events) == said


@pytest.mark.default(12)
async def test_an_address_in_content_is_asked_by_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        url = f"http://127.0.0.1:{canary.getsockname()[1]}/x.png"
        says = ServedPost(text=f"![x]({url}) <img src={url}> {url}")
        flock = Flock("demo/writer?tokens_per_s=0&first_token_s=0", view=None)
        flock.agent("scripted").consumes(ServedIdea).publishes(ServedPost).engine(ScriptedEngine(answers=[says]))
        flock.agent("demo").description(f"Look at {url}").consumes(ServedIdea).publishes(ServedPost)
        async with served(flock) as site:
            await site.post("/artifacts", {"type": "ServedIdea", "payload": {"topic": url}})
            await flock.run_until_idle()
            assert {run.state for run in flock.runs.all()} == {"completed"}
            for path in ("/artifacts", "/runs", "/agents"):
                assert url in (await site.get(path)).text or path == "/runs"
        with pytest.raises(BlockingIOError):
            canary.accept()


def clients(source: str) -> set[str]:
    """Give the modules a source imports that could fetch something."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(f"{module}.{alias.name}" for alias in names)}
            case _:
                continue
    return {name for name in found if any(name == client or name.startswith(f"{client}.") for client in CLIENTS)}


@pytest.mark.default(12)
def test_nothing_but_an_engine_can_fetch_anything() -> None:
    found = {path: names for path, text in sources() if (names := clients(text)) and not path.startswith(ASKS_MODELS)}
    assert found == {}
    assert clients("import urllib.request") == clients("from urllib import request") == {"urllib.request"}
    assert clients("from aiohttp import ClientSession") == {"aiohttp", "aiohttp.ClientSession"}
