"""The `flk` command, as a process of its own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from flock.events import Event, Outcome, StreamDecision, StreamingOutputEvent, decode_event
from tests.command import environment, flk, read_until, started

APP = '''
import asyncio

from pydantic import BaseModel

from flock import Context, EngineComponent, EvalInputs, EvalResult, Flock, flock_type


@flock_type
class Idea(BaseModel):
    """What to write about."""

    topic: str


@flock_type
class Post(BaseModel):
    """What was written."""

    body: str


@flock_type
class Unread(BaseModel):
    """Nobody consumes it."""


class Writer(EngineComponent):
    """Writes word by word; some topics end badly."""

    async def evaluate(self, agent, ctx: Context, inputs: EvalInputs) -> EvalResult:
        topic = inputs.first_as(Idea).topic
        words = f"All about \\x1b[2J{topic}.\\nThe end".split(" ")
        for index, word in enumerate(words):
            ctx.writer.append(f" {word}" if index else word, field="body")
            await asyncio.sleep(0)
        if topic == "trouble":
            raise ValueError("out of ideas")
        if topic == "forever":
            await asyncio.Event().wait()
        return EvalResult.of(Post(body=" ".join(words)))


flock = Flock()
for name in ("ann", "bob"):
    flock.agent(name).consumes(Idea).publishes(Post).engine(Writer())


def make() -> Flock:
    return flock


number = 3
'''

OWLS = ("--publish", "Idea", '{"topic": "owls"}')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the app above in `app.py`."""
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def publish(url: str, topic: str) -> None:
    """Publish an idea about `topic` on the server at `url`."""
    idea = {"type": "Idea", "payload": {"topic": topic}}
    httpx.post(f"{url}/api/v1/artifacts", json=idea).raise_for_status()


def recorded(file: Path) -> list[Event]:
    """Read a recording."""
    return [decode_event(line) for line in file.read_bytes().splitlines()]


def outcomes(events: list[Event]) -> list[Outcome]:
    """Give how the streams of a recording ended."""
    finals = [event for event in events if isinstance(event, StreamingOutputEvent) and event.is_final]
    return [event.outcome for event in finals if isinstance(event.outcome, Outcome)]


def test_the_version_is_told(tmp_path: Path) -> None:
    script = shutil.which("flk", path=str(Path(sys.executable).parent))
    assert script is not None
    done = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"flk \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("ap:flock", "flk: There is no module 'ap'.\n     Did you mean 'app'?\n"),
        (
            "broken.py:flock",
            "flk: 'broken.py' cannot be loaded: NameError: name 'Flok' is not defined (broken.py, line 3)",
        ),
    ],
)
def test_an_app_that_cannot_be_loaded_gives_a_clear_message(folder: Path, target: str, message: str) -> None:
    (folder / "broken.py").write_text("import app\n\nflock = Flok()\n")
    done = flk("run", target, *OWLS, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.replace(f"{folder}{os.sep}", "").startswith(message)
    assert len(done.stderr.splitlines()) == 2


def test_a_target_of_another_form_is_a_usage_error(folder: Path) -> None:
    done = flk("serve", "app.py", cwd=folder)
    assert done.returncode == 2
    assert "is not APP:OBJECT, such as app.py:flock" in done.stderr


@pytest.mark.parametrize("arguments", [("--debug", "run"), ("run", "--debug")])
def test_debug_shows_the_traceback(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "broken.py").write_text("flock = Flok()\n")
    done = flk(*arguments, "broken.py:flock", *OWLS, cwd=folder)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert 'broken.py", line 1' in done.stderr


@pytest.mark.parametrize(
    ("publication", "message"),
    [
        (("Ideal", "{}"), "There is no artifact type 'Ideal'.\n     Did you mean 'Idea'?"),
        (("Idea", "{topic"), "What --publish gives 'Idea' is not JSON"),
        (("Unread", "{}"), "No agent consumes 'Unread'.\n     The agents of this flock consume Idea."),
    ],
)
def test_a_wrong_publication_gives_a_clear_message(folder: Path, publication: tuple[str, ...], message: str) -> None:
    done = flk("run", "app:flock", "--publish", *publication, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"flk: {message}")
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("run", "app:flock"),
        ("run", "app:flock", *OWLS, "--view", "wide"),
    ],
)
def test_wrong_usage_ends_with_2(folder: Path, arguments: tuple[str, ...]) -> None:
    done = flk(*arguments, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_run_shows_every_agent_in_plain_lines(folder: Path) -> None:
    done = flk("run", "app.py:make", *OWLS, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("▶ ann → Post\nbody: All about \\x1b[2Jowls.\nThe end\n✓") == 1
    assert done.stdout.count("▶ bob → Post\nbody: All about \\x1b[2Jowls.\nThe end\n✓") == 1
    assert "\x1b" not in done.stdout


def test_options_may_stand_before_the_app_and_publications_be_repeated(folder: Path) -> None:
    done = flk("run", *OWLS, "--view", "lines", "--publish", "Idea", '{"topic": "bats"}', "app:flock", cwd=folder)
    assert done.returncode == 0
    assert len(re.findall(r"│ body │ All about .*(owls|bats)\.", done.stdout)) == 4


def test_a_failed_run_ends_the_command_with_1_and_one_line(folder: Path) -> None:
    done = flk("run", "app:flock", "--publish", "Idea", '{"topic": "trouble"}', "--view", "none", cwd=folder)
    assert done.returncode == 1
    assert done.stdout == ""
    assert sorted(done.stderr.splitlines()) == [
        f"flk: run of {name} failed: ValueError: out of ideas [FLK-RUN]" for name in ("ann", "bob")
    ]


def test_a_failure_that_the_view_shows_is_not_told_again(folder: Path) -> None:
    done = flk("run", "app:flock", "--publish", "Idea", '{"topic": "trouble"}', cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("ValueError: out of ideas [FLK-RUN]") == 2


@pytest.mark.parametrize("view", ["focus", "lines"])
def test_a_replay_shows_what_the_run_showed(folder: Path, view: str) -> None:
    shown = flk("run", "app:flock", *OWLS, "--record", "run.ndjson", "--view", view, cwd=folder)
    again = flk("replay", "run.ndjson", "--speed", "0", "--view", view, cwd=folder)
    assert shown.returncode == again.returncode == 0
    assert "All about" in shown.stdout
    assert sorted(again.stdout.splitlines()) == sorted(shown.stdout.splitlines())
    assert [outcome.status for outcome in outcomes(recorded(folder / "run.ndjson"))] == ["completed"] * 2


def test_a_recording_on_the_standard_output_is_nothing_else(folder: Path) -> None:
    done = flk("run", "app:flock", *OWLS, "--record", "-", cwd=folder)
    assert done.returncode == 0
    types = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert types[0] == "hello"
    assert types.count("agent_completed") == 2
    assert flk("run", "app:flock", *OWLS, "--record", "-", "--view", "focus", cwd=folder).returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_recording_that_cannot_be_written_is_an_error(folder: Path) -> None:
    done = flk("run", "app:flock", *OWLS, "--record", "/dev/full", cwd=folder)
    assert done.returncode == 1
    assert done.stderr == "flk: '/dev/full': No space left on device\n"
    assert "The end" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error(folder: Path) -> None:
    flk("run", "app:flock", *OWLS, "--record", "run.ndjson", "--view", "none", cwd=folder)
    replay = ("replay", "run.ndjson", "--speed", "0")
    for arguments in (("run", "app:flock", *OWLS), ("run", "app:flock", *OWLS, "--record", "-"), replay):
        with Path("/dev/full").open("w") as full:
            done = flk(*arguments, cwd=folder, stdout=full)
        assert (done.returncode, done.stderr) == (1, "flk: '<stdout>': No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--version",), ("--debug", "--version"), ("--help",), ("serve", "--help")])
def test_what_the_command_says_of_itself_is_told_or_an_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = flk(*arguments, cwd=tmp_path, stdout=full)
    assert (done.returncode, done.stderr) == (1, "flk: '<stdout>': No space left on device\n")
    with started(*arguments, cwd=tmp_path, by=("sh", "-c", 'exec "$@" >&-', "sh")) as process:
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that can close files")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_standard_files_that_are_closed_are_as_good_as_devnull(folder: Path, closed: str) -> None:
    command = [sys.executable, "-m", "flock", "run", "app:flock", *OWLS, "--record", "run.ndjson"]
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *command]
    done = subprocess.run(shell, cwd=folder, env=environment(), capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [outcome.status for outcome in outcomes(recorded(folder / "run.ndjson"))] == ["completed"] * 2


def test_a_corrupt_recording_is_named_with_its_line(folder: Path) -> None:
    flk("run", "app:flock", *OWLS, "--record", "run.ndjson", "--view", "none", cwd=folder)
    lines = (folder / "run.ndjson").read_text().splitlines()
    (folder / "run.ndjson").write_text("\n".join((*lines[:4], lines[4][:20], *lines[5:])))
    done = flk("replay", "run.ndjson", "--speed", "0", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith("flk: Line 5 of the recording is no event: ")
    gone = flk("replay", "gone.ndjson", cwd=folder)
    assert (gone.returncode, gone.stderr) == (1, "flk: 'gone.ndjson': No such file or directory\n")


def test_a_timeout_ends_the_runs_and_the_recording_is_whole(folder: Path) -> None:
    forever = ("--publish", "Idea", '{"topic": "forever"}')
    done = flk("run", "app:flock", *forever, "--timeout", "0.2", "--record", "run.ndjson", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith("flk: Not idle after 0.2 s")
    assert [outcome.status for outcome in outcomes(recorded(folder / "run.ndjson"))] == ["interrupted"] * 2


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_an_interrupted_run_ends_quietly_and_its_recording_is_whole(folder: Path, name: str, code: int) -> None:
    forever = ("--publish", "Idea", '{"topic": "forever"}')
    arguments = ("run", "app:flock", *forever, "--view", "lines", "--record", "run.ndjson")
    with started(*arguments, cwd=folder) as process:
        read_until(process, "All about")
        process.send_signal(signal.Signals[name])
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (code, "")
    assert [outcome.status for outcome in outcomes(recorded(folder / "run.ndjson"))] == ["interrupted"] * 2


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("typer", ("demo",)),
        ("pydantic", ("demo",)),
        ("app", ("run", "app:flock", "--publish", "Idea", "{}")),
        ("app", ("serve", "app:flock")),
    ],
)
def test_ctrl_c_while_modules_are_loaded_ends_quietly(folder: Path, module: str, command: tuple[str, ...]) -> None:
    (folder / f"{module}.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    done = flk(*command, cwd=folder)
    assert (done.returncode, done.stderr) == (130, "")


def test_sigterm_ends_a_run_that_a_shell_started_in_the_background(folder: Path) -> None:
    ignoring = ("sh", "-c", 'trap "" INT HUP; exec "$@"', "sh")
    forever = ("run", "app:flock", "--publish", "Idea", '{"topic": "forever"}', "--view", "lines")
    with started(*forever, cwd=folder, by=ignoring) as process:
        read_until(process, "All about")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (143, "")


def test_a_pipe_that_is_closed_early_is_no_error(folder: Path) -> None:
    with started("run", "app:flock", *OWLS, "--view", "lines", cwd=folder) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(timeout=20) == 0


def test_serve_answers_who_has_the_token_and_ends_on_sigterm(folder: Path) -> None:
    (folder / "my-app.py").write_text("from app import flock\n")
    with started("serve", "my-app.py:flock", "--port", "0", cwd=folder) as process:
        url = read_until(process, r"^Serving 2 agents on (http://127\.0\.0\.1:\d+)")[1]
        token = read_until(process, r"Token of this process:  (\S+)")[1]
        assert httpx.get(f"{url}/api/v1/agents").status_code == 401
        answer = httpx.get(f"{url}/api/v1/agents", headers={"Authorization": f"Bearer {token}"})
        assert {agent["name"] for agent in answer.json()["items"]} == {"ann", "bob"}
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as peer:
            peer.sendall(b"nonsense\r\n\r\n")
            assert peer.recv(4096).startswith(b"HTTP/1.1 400")
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_serve_takes_the_token_it_is_given_and_does_not_repeat_it(folder: Path) -> None:
    with started("serve", "app:flock", "--port", "0", "--token", "very-secret-token", cwd=folder) as process:
        url = read_until(process, r"on (http://127\.0\.0\.1:\d+)")[1]
        answer = httpx.get(f"{url}/api/v1/agents", headers={"Authorization": "Bearer very-secret-token"})
        assert answer.status_code == 200
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert "very-secret-token" not in output + errors


def test_serve_takes_further_tokens_from_a_settings_file_and_shows_none(folder: Path) -> None:
    secret = "a-secret-for-reading"
    hosts = 'allowed_hosts = ["flock.example"]\nallowed_origins = ["https://flock.example"]\n'
    (folder / "settings.toml").write_text(f'{hosts}[[tokens]]\nsecret = "{secret}"\n')
    (folder / "settings.toml").chmod(0o600)
    options = ("--port", "0", "--token", "very-secret-token", "--settings", "settings.toml")
    with started("serve", "app:flock", *options, cwd=folder) as process:
        url = read_until(process, r"on (http://127\.0\.0\.1:\d+)")[1]
        read_until(process, r"1 further token is in force")
        headers = {"Authorization": f"Bearer {secret}", "Host": "flock.example"}
        assert httpx.get(f"{url}/api/v1/agents", headers=headers).status_code == 200
        body = {"type": "Idea", "payload": {"topic": "owls"}}
        headers["Origin"] = "https://flock.example"
        answer = httpx.post(f"{url}/api/v1/artifacts", headers=headers, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FLK-SCOPE")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert secret not in output + errors


def test_serve_names_what_is_wrong_with_a_settings_file(folder: Path) -> None:
    (folder / "settings.toml").write_text('[[tokens]]\nsecret = "short"\n')
    done = flk("serve", "app:flock", "--port", "0", "--settings", "settings.toml", cwd=folder)
    assert (done.returncode, "settings.toml': Token 1: " in done.stderr, "short" in done.stderr) == (1, True, False)
    done = flk("serve", "app:flock", "--port", "0", "--settings", "none.toml", cwd=folder)
    assert (done.returncode, "'none.toml' cannot be read" in done.stderr) == (1, True)
    done = flk("serve", "app:flock", "--port", "0", "--settings", "", cwd=folder)
    assert (done.returncode, "it names no file: it is empty, or a folder." in done.stderr) == (2, True)
    (folder / "settings.toml").write_text('allowed_origins = ["flock.example"]\n')
    done = flk("serve", "app:flock", "--port", "0", "--settings", "settings.toml", cwd=folder)
    assert (done.returncode, "'flock.example' cannot be one of the allowed_origins" in done.stderr) == (1, True)


@pytest.mark.default(1)
def test_serve_refuses_a_public_host_without_a_token(folder: Path) -> None:
    done = flk("serve", "app:flock", "--host", "0.0.0.0", "--port", "0", cwd=folder)
    assert done.returncode == 1
    assert "no token is set" in done.stderr
    done = flk("serve", "app:flock", "--host", "0.0.0.0", "--port", "0", "--token", "guess me", cwd=folder)
    assert done.returncode == 1
    assert "the token has 8 characters; it needs at least 16" in done.stderr
    assert "guess me" not in done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_serve_tells_failures_and_what_it_waits_for_and_a_second_signal_ends_it(folder: Path, name: str) -> None:
    with started("serve", "app:flock", "--port", "0", "--insecure-no-auth", cwd=folder) as process:
        url = read_until(process, r"on (http://127\.0\.0\.1:\d+)")[1]
        assert process.stderr is not None
        assert "without authorisation" in process.stderr.readline()
        publish(url, "trouble")
        assert {process.stderr.readline() for _ in range(2)} == {
            f"flk: run of {agent} failed: ValueError: out of ideas [FLK-RUN]\n" for agent in ("ann", "bob")
        }
        publish(url, "forever")
        process.send_signal(signal.Signals[name])
        assert process.stderr.readline() == "Finishing 2 runs, at most 10 s; Ctrl-C again stops at once.\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=9)  # less than the grace period
    assert (process.returncode, errors) == (130, "")


def test_the_demo_says_where_to_look_and_ends_at_once(tmp_path: Path) -> None:
    with started("demo", "--port", "0", cwd=tmp_path) as process:
        url = read_until(process, r"(http://127\.0\.0\.1:\d+)/#code=\S+")[1]
        assert httpx.get(f"{url}/").status_code == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=9)  # less than the grace period
    assert (process.returncode, errors) == (0, "")


def test_the_demo_takes_a_free_port_only_where_none_was_asked_for(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 8000)))
        done = flk("demo", "--port", "8000", "--exit-after", "0", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("flk: Cannot listen on 127.0.0.1:8000: Address already in use.")
        done = flk("demo", "--exit-after", "0", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Port 8000 is taken: the demo takes a free one.")


def test_the_demo_ends_by_itself_when_asked_to(tmp_path: Path) -> None:
    done = flk("demo", "--port", "0", "--no-browser", "--exit-after", "0.5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "simulated" in done.stdout


def test_eight_agents_of_the_demo_stream_at_once(tmp_path: Path) -> None:
    topic = ("--publish", "Topic", '{"name": "owls"}')
    arguments = ("run", "flock.cli.demo_app:flock", *topic, "--view", "lines", "--record", "run.ndjson")
    with started(*arguments, cwd=tmp_path) as process:
        read_until(process, r"│ title │")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    decisions = [event for event in recorded(tmp_path / "run.ndjson") if isinstance(event, StreamDecision)]
    assert [event.decision for event in decisions] == ["stream"] * 8
    assert max(event.active_streams for event in decisions) == 8
