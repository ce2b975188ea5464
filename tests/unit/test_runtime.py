from typing import get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel, ValidationError

from flock.artifacts import Artifact, flock_type
from flock.errors import ConfigurationError, InputError
from flock.events import ArtifactSlot, RuntimeMode
from flock.journal import Journal
from flock.runtime import Context, EvalInputs, EvalResult
from flock.writer import StreamWriter
from tests.unit.samples import open_stream


@flock_type(name="RuntimeIdea")
class Idea(BaseModel):
    """What the runs work on."""

    topic: str


@flock_type(name="RuntimePost")
class Post(BaseModel):
    """What the runs make."""

    body: str


def artifact(payload: BaseModel, name: str = "RuntimeIdea") -> Artifact:
    return Artifact(type=name, payload=payload)


def test_a_context_has_the_fields_of_the_seed() -> None:
    board, orchestrator, correlation_id = object(), object(), uuid4()
    ctx = Context(
        board=board,
        orchestrator=orchestrator,
        correlation_id=correlation_id,
        task_id="run-1",
        state={"a": 1},
        runtime_mode="api",
    )
    assert ctx.board is board
    assert ctx.orchestrator is orchestrator
    assert (ctx.correlation_id, ctx.task_id, ctx.state, ctx.runtime_mode) == (correlation_id, "run-1", {"a": 1}, "api")


def test_a_context_is_of_a_terminal_program_unless_told_otherwise() -> None:
    ctx = Context(board=None, orchestrator=None, task_id="run-1")
    assert (ctx.runtime_mode, ctx.state, ctx.correlation_id) == ("cli", {}, None)


@pytest.mark.parametrize(
    ("mode", "parallel", "dashboard", "cli"),
    [("cli", False, False, True), ("dashboard", True, True, False), ("api", True, False, False)],
)
def test_a_context_knows_its_mode(mode: RuntimeMode, parallel: bool, dashboard: bool, cli: bool) -> None:
    ctx = Context(task_id="run-1", runtime_mode=mode)
    assert (ctx.allows_parallel_streaming, ctx.is_dashboard_mode, ctx.is_cli_mode) == (parallel, dashboard, cli)


def test_there_are_three_modes() -> None:
    assert get_args(RuntimeMode) == ("cli", "dashboard", "api")
    with pytest.raises(ValidationError):
        Context(task_id="run-1", runtime_mode="batch")


def test_variables_come_from_the_state() -> None:
    ctx = Context(task_id="run-1", state={"key": None})
    assert ctx.get_variable("key", "default") is None
    assert ctx.get_variable("other", "default") == "default"
    assert ctx.get_variable("other") is None


def test_contexts_share_no_state() -> None:
    Context(task_id="run-1").state["_flock_output_queued"] = True
    assert Context(task_id="run-2").state == {}


def test_a_context_of_no_run_has_no_writer() -> None:
    ctx = Context(task_id="run-1")
    with pytest.raises(ConfigurationError, match="belongs to no run"):
        ctx.writer  # noqa: B018 - that it raises is what is tested
    assert ctx.slots == ()


def test_a_context_gives_the_writer_and_slots_of_its_run() -> None:
    journal = Journal()
    writer = StreamWriter(journal, open_stream(journal), is_live=True)
    ctx = Context(task_id="run-1")
    ctx.attach(writer, [ArtifactSlot(artifact_id="a", type="Post")])
    assert ctx.writer is writer
    assert ctx.slots == (ArtifactSlot(artifact_id="a", type="Post"),)


def test_inputs_are_found_by_their_type() -> None:
    inputs = EvalInputs(
        artifacts=[artifact(Idea(topic="owls")), artifact(Post(body="…"), "RuntimePost"), artifact(Idea(topic="bats"))]
    )
    assert inputs.first_as(Idea).topic == "owls"
    assert [idea.topic for idea in inputs.all_as(Idea)] == ["owls", "bats"]
    assert inputs.state == {}


def test_a_missing_input_is_named_with_what_there_is() -> None:
    with pytest.raises(InputError, match="no 'Post' among its inputs \\(RuntimeIdea\\)"):
        EvalInputs(artifacts=[artifact(Idea(topic="owls"))]).first_as(Post)
    with pytest.raises(InputError, match="\\(nothing\\)"):
        EvalInputs().first_as(Post)
    assert EvalInputs().all_as(Post) == []


def test_a_result_is_made_of_payloads() -> None:
    result = EvalResult.of(Post(body="Owls"), Idea(topic="bats"), finish_reason="stop", usage={"tokens": 1})
    assert [made.type for made in result.artifacts] == ["RuntimePost", "RuntimeIdea"]
    assert [made.payload for made in result.artifacts] == [Post(body="Owls"), Idea(topic="bats")]
    assert (result.finish_reason, result.usage, result.state) == ("stop", {"tokens": 1}, {})


def test_a_result_of_what_is_no_flock_type_says_what_to_do() -> None:
    class Plain(BaseModel):
        pass

    with pytest.raises(ConfigurationError, match="@flock_type"):
        EvalResult.of(Plain())


def test_an_empty_result_is_a_result() -> None:
    result = EvalResult.of()
    assert (result.artifacts, result.finish_reason, result.usage) == ([], None, {})
