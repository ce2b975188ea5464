"""How errors end a command: one or two lines on the standard error, a traceback only where it was asked for."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from flock.cli import INTERRUPTED
from flock.cli.descriptors import leave_stdout
from flock.cli.runner import Terminated
from flock.errors import FlockError
from flock.events import Outcome
from flock.sinks.sanitize import visible, visible_line

TERMINATED = 143
"""What shells expect of a command that was ended by SIGTERM."""


@contextmanager
def reported(*, is_debug: bool) -> Iterator[None]:
    """Turn errors into messages and exit codes, and logs into lines of the same kind."""
    _log(is_debug=is_debug)
    try:
        yield
    except typer.Exit:
        raise
    except Terminated:
        raise typer.Exit(TERMINATED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        leave_stdout()
        raise typer.Exit(0) from None
    except Exception as exc:
        if is_debug:
            typer.echo(visible(traceback.format_exc()), err=True, nl=False)
        for line in _lines(_innermost(exc)):
            typer.echo(visible(line), err=True)
        raise typer.Exit(1) from exc


def failure_line(agent_name: str, outcome: Outcome) -> str:
    """Say in one safe line how a run of this agent ended."""
    reason = f": {outcome.error.message} [{outcome.error.code}]" if outcome.error is not None else ""
    return f"flk: run of {visible_line(agent_name)} {outcome.status.replace('_', ' ')}{visible_line(reason)}"


def _innermost(error: Exception) -> Exception:
    """Give the one error of a task group."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _lines(error: Exception) -> Iterator[str]:
    match error:
        case FlockError():
            yield f"flk: {error.message}"
            if error.hint:
                yield f"     {error.hint}"
        case OSError(strerror=str(reason), filename=str(name)):
            yield f"flk: {name!r}: {reason}"
        case _:
            yield f"flk: {type(error).__name__}: {error}"
            yield "     --debug shows where."


def _log(*, is_debug: bool) -> None:
    handler = logging.StreamHandler()
    if not is_debug:
        handler.addFilter(_is_news)
    handler.setFormatter(_Whole("%(levelname)s %(name)s: %(message)s") if is_debug else _OneLine())
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.INFO if is_debug else logging.WARNING, handlers=[handler])


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out how runs failed, which the commands tell, and what peers did wrong, who can do it all day."""
    match record.name:
        case "flock.streams":
            return record.exc_info is not None
        case "uvicorn.error":
            return record.levelno >= logging.ERROR
        case _:
            return True


class _Whole(logging.Formatter):
    """All of what is logged, without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


class _OneLine(logging.Formatter):
    """The first line of what is logged: no traceback, no control characters."""

    def format(self, record: logging.LogRecord) -> str:
        line, _, _ = record.getMessage().partition("\n")
        return f"flk: {visible_line(line)}"
