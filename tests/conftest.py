"""What holds for all tests: hypothesis has no deadlines, and no assertion is lost in a run."""

import asyncio
import signal
from collections.abc import Callable, Iterator

import pytest
import uvloop
from hypothesis import Phase, is_hypothesis_test, settings

settings.register_profile("flock", deadline=None)  # a busy machine would miss it
settings.register_profile(
    "mutation",
    settings.get_profile("flock"),
    database=None,
    derandomize=True,
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("flock")


def pytest_configure() -> None:
    """Let the processes that tests start hear Ctrl-C, also where the tests run in the background of a shell."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on asyncio, and those marked `both_loops` also on uvloop, the loop of `flk`."""
    if item.get_closest_marker("both_loops") is None:
        return {"asyncio": asyncio.new_event_loop}
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under mutmut run the cheap tests first: they notice most."""
    if config.getoption("--hypothesis-profile") == "mutation":
        items.sort(key=lambda item: isinstance(item, pytest.Function) and is_hypothesis_test(item.obj))


@pytest.fixture(autouse=True)
def no_assertion_is_lost_in_a_run(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where a run kept an assertion's failure to itself, as it does with every error."""
    yield
    assert [
        record.getMessage() for record in caplog.get_records("call") if is_lost_assertion(record.getMessage())
    ] == []


def is_lost_assertion(message: str) -> bool:
    return message.startswith("Run ") and "failed: AssertionError" in message
