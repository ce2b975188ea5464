import pytest
from hypothesis import given
from hypothesis import strategies as st

from flock.errors import ClosedError, OutputError, OutputTooLargeError
from flock.events import AttemptStarted, Channel, Delta, JournalItem
from flock.journal import Journal
from flock.text import clean
from flock.transcript import Transcript
from flock.writer import MAX_DELTA_CHARS, StreamWriter
from tests.unit.replica import Replica
from tests.unit.samples import BODY, TITLE, events_of, open_stream

OWL_HIGH, OWL_LOW = "\ud83e", "\udd89"
dirty_pieces = st.lists(
    st.tuples(st.sampled_from([BODY, TITLE]), st.text(st.sampled_from(f"a é🦉\0{OWL_HIGH}{OWL_LOW}"), max_size=4))
)


def make_writer(
    *, is_live: bool = True, journal: Journal | None = None, types: tuple[str, ...] = ("Post",)
) -> tuple[Journal, Transcript, StreamWriter]:
    journal = journal or Journal()
    transcript = open_stream(journal, types=types)
    return journal, transcript, StreamWriter(journal, transcript, is_live=is_live)


def deltas(journal: Journal) -> list[Delta]:
    """Give every delta as it was written, unmerged."""
    return [item for item in written(journal) if isinstance(item, Delta)]


def written(journal: Journal) -> list[JournalItem]:
    return [item for after in range(1, journal.head) for item in journal.read(after, upto=after + 1).items]


@pytest.mark.default(7)
@given(dirty_pieces, st.booleans())
def test_what_is_written_is_the_text_made_valid(pieces: list[tuple[Channel, str]], is_live: bool) -> None:
    journal, _, writer = make_writer(is_live=is_live)
    for channel, text in pieces:
        writer.write(channel, text)
    writer.end()
    seen = Replica().take(events_of(journal))
    for channel in (BODY, TITLE):
        whole = clean("".join(text for own, text in pieces if own == channel))
        assert seen.text("run-1", str(channel.field)) == whole
        assert whole.encode().decode() == whole


@pytest.mark.default(7)
def test_halves_of_a_character_in_two_deltas_become_one_character() -> None:
    journal, _, writer = make_writer()
    writer.append(f"an {OWL_HIGH}", field="body")
    writer.append("other field", field="title")
    writer.append(f"{OWL_LOW} flies", field="body")
    assert [delta.text for delta in deltas(journal)] == ["an ", "other field", "🦉 flies"]


@pytest.mark.default(7)
@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([OWL_HIGH, "plain"], "\ufffdplain"),
        ([OWL_LOW, "plain"], "\ufffdplain"),
        ([OWL_HIGH, OWL_HIGH, OWL_LOW], "\ufffd🦉"),
        (["text", OWL_HIGH], "text\ufffd"),
    ],
)
def test_a_lone_half_is_replaced(pieces: list[str], shown: str) -> None:
    journal, _, writer = make_writer()
    for piece in pieces:
        writer.append(piece, field="body")
    writer.end()
    assert "".join(delta.text for delta in deltas(journal)) == shown


def test_an_empty_text_is_no_delta() -> None:
    journal, _, writer = make_writer()
    writer.append("", field="body")
    writer.append(OWL_HIGH, field="body")
    assert (deltas(journal), writer.chunks) == ([], 0)


@pytest.mark.default(9)
def test_a_long_text_is_split_into_deltas_of_a_bounded_size() -> None:
    journal, _, writer = make_writer()
    writer.append("🦉" * (2 * MAX_DELTA_CHARS + 1), field="body")
    assert [len(delta.text) for delta in deltas(journal)] == [MAX_DELTA_CHARS, MAX_DELTA_CHARS, 1]
    assert max(len(delta.text.encode()) for delta in deltas(journal)) == 64 * 1024


def test_a_run_that_is_not_live_shows_its_texts_whole_at_its_end() -> None:
    journal, _, writer = make_writer(is_live=False)
    for text in ("Ow", "ls"):
        writer.append(text, field="title")
        writer.append(text.upper(), field="body")
    assert journal.head == 1
    writer.end()
    assert [(delta.channel.field, delta.text) for delta in deltas(journal)] == [("title", "Owls"), ("body", "OWLS")]


def test_a_long_text_of_a_run_that_is_not_live_is_split_too() -> None:
    journal, _, writer = make_writer(is_live=False)
    writer.append("x" * (MAX_DELTA_CHARS + 1), field="body")
    writer.end()
    assert [len(delta.text) for delta in deltas(journal)] == [MAX_DELTA_CHARS, 1]


@pytest.mark.parametrize("is_live", [True, False])
def test_a_new_attempt_voids_what_was_written(is_live: bool) -> None:
    journal, _, writer = make_writer(is_live=is_live)
    writer.append(f"wrong{OWL_HIGH}", field="body")
    writer.start_attempt("validation failed")
    writer.append("right", field="body")
    writer.end()
    assert writer.attempt == 2
    assert Replica().take(events_of(journal)).text("run-1") == "right"
    last = deltas(journal)[-1]
    assert (last.text, last.attempt, last.sequence) == ("right", 2, 1 if is_live else 0)


@pytest.mark.parametrize("is_live", [True, False])
def test_a_new_attempt_keeps_the_steps_it_is_told_to(is_live: bool) -> None:
    journal, _, writer = make_writer(is_live=is_live)
    writer.append("a call", output_type="tool_call", step=1)
    writer.append(f"its result {OWL_HIGH}", output_type="tool_result", step=1)
    writer.append("wrong", field="body", step=2)
    writer.start_attempt("validation failed", keep_steps_below=2)
    writer.append("right", field="body", step=2)
    writer.end()
    seen = Replica().take(events_of(journal)).runs["run-1"]
    assert seen.attempt == 2
    assert [*seen.texts.values()] == ["a call", "its result \ufffd", "right"]


def test_attempts_are_announced_with_their_reason() -> None:
    journal, _, writer = make_writer()
    writer.start_attempt("the answer was cut short")
    (event,) = [item for item in written(journal) if isinstance(item, AttemptStarted)]
    assert (event.attempt, event.reason) == (2, "the answer was cut short")


@pytest.mark.parametrize("is_live", [True, False])
def test_the_output_of_a_run_is_bounded_in_bytes(is_live: bool) -> None:
    _, _, writer = make_writer(is_live=is_live, journal=Journal(max_output_bytes=10))
    writer.append("é" * 4, field="body")
    with pytest.raises(OutputTooLargeError, match="passed 10 bytes"):
        writer.append("é" * 2, field="title")


@pytest.mark.parametrize("is_live", [True, False])
def test_a_new_attempt_has_the_whole_bound(is_live: bool) -> None:
    journal, _, writer = make_writer(is_live=is_live, journal=Journal(max_output_bytes=10))
    writer.append("x" * 10, field="body")
    writer.start_attempt("again")
    writer.append("y" * 10, field="body")
    writer.end()
    assert Replica().take(events_of(journal)).text("run-1") == "y" * 10


@pytest.mark.parametrize("is_live", [True, False])
def test_a_flood_of_tiny_fields_is_bounded(is_live: bool) -> None:
    _, _, writer = make_writer(is_live=is_live, journal=Journal(max_bytes=2**18))

    def flood() -> None:
        for index in range(10_000):
            writer.append("1", field=f"scores/{index}", kind="json")

    with pytest.raises(OutputTooLargeError):
        flood()


@pytest.mark.parametrize("is_live", [True, False])
def test_a_place_that_no_viewer_could_be_shown_is_refused_at_once(is_live: bool) -> None:
    journal, _, writer = make_writer(is_live=is_live)
    with pytest.raises(OutputError, match="writes to artifact 1, but publishes 1"):
        writer.append("text", field="body", artifact=1)
    with pytest.raises(OutputError, match="not valid Unicode"):
        writer.append("text", field="\ud800")
    writer.end()
    assert journal.head == 1


@pytest.mark.parametrize("is_live", [True, False])
def test_nothing_is_written_after_the_end(is_live: bool) -> None:
    journal, _, writer = make_writer(is_live=is_live)
    writer.append("text", field="body")
    writer.end()
    head = journal.head
    with pytest.raises(ClosedError, match="run-1 has ended"):
        writer.append("late", field="body")
    with pytest.raises(ClosedError):
        writer.start_attempt("again")
    writer.end()
    assert journal.head == head


def test_a_field_belongs_to_the_first_artifact_unless_another_is_named() -> None:
    journal, _, writer = make_writer(types=("Post", "Summary"))
    writer.append("a", field="body")
    writer.append("b", field="body", artifact=1)
    writer.append("c", output_type="reasoning")
    assert [delta.channel.artifact for delta in deltas(journal)] == [0, 1, None]
    assert [delta.event().artifact_id for delta in deltas(journal)] == ["run-1-Post", "run-1-Summary", None]


def test_a_field_of_a_run_without_artifacts_belongs_to_none() -> None:
    journal, _, writer = make_writer(types=())
    writer.append("a", field="body")
    assert deltas(journal)[0].event().artifact_id is None


def test_log_lines_end_with_a_newline() -> None:
    journal, _, writer = make_writer()
    writer.log("looking it up")
    writer.log("found\n")
    assert [(delta.channel.output_type, delta.text) for delta in deltas(journal)] == [
        ("log", "looking it up\n"),
        ("log", "found\n"),
    ]


@pytest.mark.parametrize("is_live", [True, False])
def test_the_first_token_is_the_first_text_of_the_model(is_live: bool) -> None:
    _, _, writer = make_writer(is_live=is_live)
    writer.log("connecting")
    assert writer.first_token_at is None
    writer.append("hm", output_type="reasoning")
    first = writer.first_token_at
    assert first is not None
    writer.append("text", field="body")
    assert writer.first_token_at == first


def test_chunks_are_the_deltas_in_the_journal() -> None:
    for is_live, chunks in ((True, 4), (False, 2)):
        _, transcript, writer = make_writer(is_live=is_live)
        for text in "abc":
            writer.append(text, field="body")
        writer.log("done")
        writer.end()
        assert writer.chunks == transcript.next_sequence == chunks
