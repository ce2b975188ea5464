"""What is known of runs, while they go on and after."""

import json
from uuid import UUID

import pytest
from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.errors import UnknownNameError
from flock.events import ErrorInfo, Outcome
from flock.runs import RunLog, RunRecord


class Note(BaseModel):
    pass


def record(run_id: str = "run") -> RunRecord:
    source = Artifact(type="Note", payload=Note(), id=UUID(int=1))
    return RunRecord(run_id=run_id, agent_name="writer", correlation_id=UUID(int=2), inputs=(source,))


def test_a_run_is_finished_when_its_outcome_is_known() -> None:
    log, run = RunLog(), record()
    log.add(run)
    for state in ("queued", "running"):
        run.state = state
        assert not run.is_finished
    assert list(log.unfinished) == [run]
    log.finish(run, Outcome(status="timed_out"))
    assert run.is_finished
    assert run.state == "timed_out"
    assert run.finished_at is not None
    assert list(log.unfinished) == []


def test_running_runs_and_finished_ones_are_found() -> None:
    log = RunLog()
    runs = [record(str(number)) for number in range(3)]
    for run in runs:
        log.add(run)
    log.finish(runs[1], Outcome(status="completed"))
    assert [log.get(run.run_id) for run in runs] == runs
    assert list(log.all()) == [runs[1], runs[0], runs[2]]
    with pytest.raises(UnknownNameError, match="no run 'nobody'"):
        log.get("nobody")


def test_the_oldest_finished_runs_are_forgotten_but_no_running_one() -> None:
    log = RunLog(max_finished=2)
    running = record("running")
    log.add(running)
    for number in range(5):
        log.finish(record(str(number)), Outcome(status="completed"))
    assert [run.run_id for run in log.all()] == ["3", "4", "running"]


def test_the_wire_form_of_a_run_is_json() -> None:
    run = record()
    assert json.loads(json.dumps(run.to_wire())) == {
        "run_id": "run",
        "agent": "writer",
        "correlation_id": str(UUID(int=2)),
        "state": "queued",
        "engine": "none",
        "model": None,
        "simulated": False,
        "inputs": [str(UUID(int=1))],
        "artifacts": [],
        "depth": 0,
        "retry_of": None,
        "created_at": run.created_at.isoformat(),
        "started_at": None,
        "finished_at": None,
        "outcome": None,
    }
    RunLog().finish(run, Outcome(status="failed", error=ErrorInfo(code="FLK-RUN", message="no")))
    wire = json.loads(json.dumps(run.to_wire()))
    assert wire["state"] == wire["outcome"]["status"] == "failed"
    assert wire["outcome"]["error"] == {"code": "FLK-RUN", "message": "no"}
