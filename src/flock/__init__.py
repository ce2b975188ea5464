"""flock: blackboard multi-agent systems whose agents stream in parallel."""

from importlib.metadata import version

from flock.agent import Agent, AgentBuilder
from flock.artifacts import Artifact, flock_type
from flock.engines.base import EngineComponent
from flock.errors import FlockError
from flock.orchestrator import Flock
from flock.runtime import Context, EvalInputs, EvalResult
from flock.scheduler import Limits
from flock.tokens import Token
from flock.visibility import (
    AfterVisibility,
    LabelledVisibility,
    PrivateVisibility,
    PublicVisibility,
    TenantVisibility,
)

__all__ = [
    "AfterVisibility",
    "Agent",
    "AgentBuilder",
    "Artifact",
    "Context",
    "EngineComponent",
    "EvalInputs",
    "EvalResult",
    "Flock",
    "FlockError",
    "LabelledVisibility",
    "Limits",
    "PrivateVisibility",
    "PublicVisibility",
    "TenantVisibility",
    "Token",
    "flock_type",
]

__version__ = version("flock-streams")
