"""flock: blackboard multi-agent systems whose agents stream in parallel. Every name is loaded when it is first used."""

from flock.version import VERSION

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

__version__ = VERSION

TYPE_CHECKING = False  # not from `typing`, which takes longer to load than this file
if TYPE_CHECKING:
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
else:
    _HOMES = {
        "AfterVisibility": "flock.visibility",
        "Agent": "flock.agent",
        "AgentBuilder": "flock.agent",
        "Artifact": "flock.artifacts",
        "Context": "flock.runtime",
        "EngineComponent": "flock.engines.base",
        "EvalInputs": "flock.runtime",
        "EvalResult": "flock.runtime",
        "Flock": "flock.orchestrator",
        "FlockError": "flock.errors",
        "LabelledVisibility": "flock.visibility",
        "Limits": "flock.scheduler",
        "PrivateVisibility": "flock.visibility",
        "PublicVisibility": "flock.visibility",
        "TenantVisibility": "flock.visibility",
        "Token": "flock.tokens",
        "flock_type": "flock.artifacts",
    }
    _MODULES = {home.split(".")[1] for home in _HOMES.values()}

    def __getattr__(name: str) -> object:
        """Load a public name, or one of the modules they live in."""
        if name not in _HOMES and name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
