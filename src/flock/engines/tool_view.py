"""How a model sees a tool: its name, what it does, and the arguments it takes."""

import functools
import inspect
from dataclasses import dataclass
from typing import Any, get_type_hints

from flock.engines.base import Tool
from flock.naming import snake_case


@dataclass(frozen=True, slots=True)
class ToolView:
    """What the model is told of a tool. Arguments that a `functools.partial` has filled in are not among them."""

    name: str
    doc: str
    signature: inspect.Signature
    hints: dict[str, Any]

    @classmethod
    def of(cls, tool: Tool) -> "ToolView":
        """Read a function, a method, a `functools.partial` of one, or an object that can be called."""
        function = _function(tool)
        filled = tool.keywords if isinstance(tool, functools.partial) else {}
        signature = inspect.signature(tool)
        kept = {name: parameter for name, parameter in signature.parameters.items() if name not in filled}
        hints = get_type_hints(function)
        return cls(
            name=tool_name(tool),
            doc=_doc(tool),
            signature=signature.replace(parameters=list(kept.values())),
            hints={name: hint for name, hint in hints.items() if name == "return" or name in kept},
        )


def tool_name(tool: Tool) -> str:
    """Give the function's name, also of a partial; an object that can be called has its class's, in snake case."""
    inner = _unwrapped(tool)
    is_named = inspect.isroutine(inner) or inspect.isclass(inner)
    name = inner.__name__ if is_named else snake_case(type(inner).__name__)
    return name if name.isidentifier() else snake_case(name)


def _unwrapped(tool: Tool) -> Any:  # noqa: ANN401 - whatever can be called
    while isinstance(tool, functools.partial):
        tool = tool.func
    return inspect.unwrap(tool)


def _function(tool: Tool) -> Any:  # noqa: ANN401 - whatever can be called
    """Give what holds the annotations of a tool."""
    inner = _unwrapped(tool)
    if inspect.isroutine(inner):
        return inner
    return inner.__init__ if inspect.isclass(inner) else type(inner).__call__


def _doc(tool: Tool) -> str:
    inner = _unwrapped(tool)
    if inspect.isroutine(inner) or inspect.isclass(inner):
        return inspect.getdoc(inner) or ""
    return inspect.getdoc(type(inner).__call__) or inspect.getdoc(type(inner)) or ""
