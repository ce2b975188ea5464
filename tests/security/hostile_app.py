"""An app whose agents, engine, errors and logs are hostile to the terminal they are shown in."""

import logging
import warnings

from pydantic import BaseModel

from flock import Context, EngineComponent, EvalInputs, EvalResult, Flock, flock_type
from flock.engines.base import AgentView
from flock.errors import ConfigurationError
from tests.security.hostile import TERMINAL_TRICKS

EVERYTHING = " ".join(TERMINAL_TRICKS)
PRINTABLE = "\u202ename\u202c [bold]x \u2066y\u2069 \ufeff"
"""What the name of an agent may hold."""


@flock_type
class Cue(BaseModel):
    """What starts the agents."""

    text: str = ""


@flock_type(name=f"Line\x9b2J\r{PRINTABLE}")
class Line(BaseModel):
    """What they publish."""

    body: str
    other: str = ""


class Hostile(EngineComponent):
    """Says everything everywhere; publishes other values than it streamed, or fails."""

    fails: bool = False

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        for text in TERMINAL_TRICKS:
            ctx.writer.append(f"{text}\n", field="body")
        for kind in ("reasoning", "tool_call", "tool_result", "log", "stdout", "stderr"):
            ctx.writer.append(EVERYTHING, output_type=kind, field=f"place {EVERYTHING}")
        logging.getLogger(f"app{EVERYTHING}").warning("%s\n%s", EVERYTHING, EVERYTHING)
        ctx.writer.start_attempt(EVERYTHING)
        ctx.writer.append(EVERYTHING, field="body")
        if self.fails:
            raise ValueError(EVERYTHING)
        return EvalResult.of(Line(body=f"other {EVERYTHING}".replace("\ud800 \udfff", ""), other=TERMINAL_TRICKS[0]))


flock = Flock()
flock.agent(f"says {PRINTABLE}").consumes(Cue).publishes(Line).engine(Hostile())
flock.agent(f"fails {PRINTABLE}").consumes(Cue).publishes(Line).engine(Hostile(fails=True))


def broken() -> Flock:
    """Fail with a hostile message."""
    warnings.warn(EVERYTHING, stacklevel=1)
    raise ConfigurationError(EVERYTHING, hint=EVERYTHING)
