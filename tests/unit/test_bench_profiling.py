"""A profile says of each sample what it was spent on, from the stack that `perf` prints."""

import pytest

from benchmarks.profiling import FRAMES, LOOP, READING, RUNS, WRITING, part_of, samples

CHUNKS = "events and chunks of the model"

SCRIPT = """\
python 12 1.5:     400000 cpu-clock:
\t  9280c _PyEval_EvalFrameDefault+0x6f2c (/lib/libpython3.13.so)
\t     85 py::Journal.append_delta:/x/src/flock/journal.py+0x5 (/jitted-1-2.so)
\t     85 py::HttpConnection.data_received:/x/src/flock/engines/http_connection.py+0x5 (/jitted-1-3.so)

python 12 1.6:     200000 cpu-clock:
\tffffffff81 tcp_recvmsg+0x1 ([kernel.kallsyms])
\t  7aa read+0x1 (/lib/libc.so.6)

"""


def test_samples_are_read_with_their_time() -> None:
    assert list(samples(SCRIPT.splitlines())) == [(400.0, "writer and journal"), (200.0, READING)]


@pytest.mark.parametrize(
    ("functions", "part"),
    [
        (
            [
                ("SSEDecoder.sole", "/x/src/flock/engines/sse.py"),
                ("Answer.body", "/x/src/flock/engines/openai_answer.py"),
            ],
            CHUNKS,
        ),
        ([("ChatFields.more", "/x/src/flock/engines/chat_fields.py")], "field parser"),
        ([("Watchdog.progress", "/x/src/flock/engines/deadlines.py")], "deadlines"),
        ([("Merge.add", "/x/src/flock/merge.py"), ("Pulse._beat", "/x/src/flock/pulse.py")], FRAMES),
        ([("SocketConnection._write", "/x/src/flock/server/websocket_protocol.py")], FRAMES),
        ([("Predict", "/x/dspy/predict.py"), ("Scheduler._run", "/x/src/flock/scheduler.py")], RUNS),
        ([("Handle._run", "/lib/asyncio/events.py")], LOOP),
        ([("run", "/y/flock/.venv/lib/server/events.py")], LOOP),
        ([], LOOP),
    ],
)
def test_a_sample_counts_for_the_part_of_flock_that_called_last(functions: list[tuple[str, str]], part: str) -> None:
    assert part_of(functions, is_kernel=False) == part


def test_the_kernel_reads_and_writes() -> None:
    writing = [("SocketConnection.put", "/x/src/flock/server/websocket_protocol.py")]
    assert part_of(writing, is_kernel=True) == WRITING
    assert part_of([("HttpConnection.begin", "/x/src/flock/engines/http_connection.py")], is_kernel=True) == READING
