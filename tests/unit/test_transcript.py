import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.errors import OutputError
from flock.events import Channel, Outcome
from flock.journal import Journal
from flock.transcript import CHANNEL_BYTES, channel_size
from tests.unit.samples import BODY, REASONING, TITLE, close_stream, make_stream, open_stream, write

pieces = st.lists(st.tuples(st.sampled_from([BODY, TITLE, REASONING]), st.text(min_size=1, max_size=4)), max_size=20)


@given(pieces, pieces)
def test_a_mark_gives_the_text_of_its_moment_whatever_is_written_later(
    before: list[tuple[Channel, str]], after: list[tuple[Channel, str]]
) -> None:
    journal = Journal()
    transcript = open_stream(journal)
    for channel, text in before:
        write(journal, transcript, text, channel=channel)
    mark = transcript.mark()
    for channel, text in after:
        write(journal, transcript, text, channel=channel)
    snapshot = mark.snapshot()
    expected: dict[tuple[str, str | None], str] = {}
    for channel, text in before:
        key = (channel.output_type, channel.field)
        expected[key] = expected.get(key, "") + text
    assert {(field.output_type, field.field): field.text for field in snapshot.fields} == expected
    assert snapshot.next_sequence == len(before)


def test_a_mark_keeps_its_attempt_when_the_next_one_begins() -> None:
    journal = Journal()
    transcript = open_stream(journal)
    write(journal, transcript, "first")
    mark = transcript.mark()
    journal.start_attempt(transcript, reason="again")
    write(journal, transcript, "second")
    (field,) = mark.snapshot().fields
    assert (mark.snapshot().attempt, field.text) == (1, "first")


def test_a_mark_keeps_its_state_when_the_stream_ends() -> None:
    journal = Journal(recent_runs=0)
    transcript = open_stream(journal)
    write(journal, transcript, "text")
    mark = transcript.mark()
    close_stream(journal, transcript)
    snapshot = mark.snapshot()
    assert (snapshot.state, snapshot.outcome, snapshot.ended_at) == ("queued", None, None)
    assert snapshot.fields[0].text == "text"


def test_a_snapshot_holds_the_constants_of_its_stream() -> None:
    journal = Journal()
    transcript = open_stream(journal, types=["Post", "Summary"])
    stream = transcript.stream
    transcript.decision, transcript.reason = "queued", "another one streams"
    transcript.activated_at, transcript.first_token_at = 1.0, 2.0
    write(journal, transcript, "1", channel=Channel(field="score", kind="json", step=2, artifact=1))
    final = close_stream(journal, transcript, "failed")
    snapshot = transcript.mark().snapshot()
    assert (snapshot.stream, snapshot.run_id, snapshot.agent_name) == (stream.number, "run-1", "writer")
    assert (snapshot.artifacts, snapshot.inputs) == (stream.artifacts, stream.inputs)
    assert (snapshot.engine, snapshot.model, snapshot.simulated) == ("TestEngine", "demo/writer", True)
    assert (snapshot.priority, snapshot.decision, snapshot.state) == ("high", "queued", "failed")
    assert snapshot.reason == "another one streams"
    assert (snapshot.activated_at, snapshot.first_token_at, snapshot.ended_at) == (1.0, 2.0, final.timestamp)
    assert snapshot.outcome == Outcome(status="failed", chunks=1)
    assert (snapshot.correlation_id, transcript.mark().size) == ("correlation-1", transcript.size)
    (field,) = snapshot.fields
    assert (field.field, field.kind, field.step, field.artifact_id) == ("score", "json", 2, "run-1-Summary")


@pytest.mark.parametrize("artifact", [-1, 2, 99])
def test_a_channel_of_an_artifact_that_is_not_published_is_refused(artifact: int) -> None:
    with pytest.raises(OutputError) as refused:
        channel_size(make_stream(types=["Post", "Summary"]), Channel(field="body", artifact=artifact))
    assert str(refused.value) == (
        f"Run run-1 of 'writer' writes to artifact {artifact}, but publishes 2. "
        "Count the artifacts from 0, in the order of `publishes`."
    )


def test_a_channel_whose_name_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(OutputError, match=r"^The field name '\\ud800' is not valid Unicode\.$"):
        channel_size(make_stream(), Channel(field="\ud800"))


def test_a_channel_costs_more_the_longer_its_name_is() -> None:
    assert channel_size(make_stream(), LONG) == CHANNEL_BYTES + 1000
    assert channel_size(make_stream(), REASONING) == CHANNEL_BYTES


LONG = Channel(field="é" * 500)
