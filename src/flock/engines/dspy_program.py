"""From an agent to a DSPy program: signature, tools, Predict, ChainOfThought or ReAct."""

import asyncio
import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from typing import Any, Literal

import dspy
from dspy.adapters.utils import serialize_for_json
from pydantic import BaseModel

from flock.artifacts import Artifact
from flock.engines.answering import Answering
from flock.engines.base import Tool
from flock.engines.dspy_adapters import AskingAdapter, ask_outright
from flock.engines.dspy_stream import NoSyncEngine, Tap
from flock.engines.output_plan import OutputPlan, PlannedField
from flock.engines.tool_view import ToolView
from flock.leaves import plain
from flock.naming import snake_case
from flock.text import clean

Program = Literal["auto", "predict", "chain_of_thought", "react"]

_CONSTRAINTS = {
    "gt": "greater than {}",
    "ge": "at least {}",
    "lt": "less than {}",
    "le": "at most {}",
    "multiple_of": "a multiple of {}",
    "min_length": "at least {} long",
    "max_length": "at most {} long",
    "pattern": "matching the regular expression {}",
}


class ToolError(Exception):
    """What the model is told of a tool that raised, or that tried to end the process."""


def input_fields(artifacts: Sequence[Artifact]) -> dict[str, BaseModel]:
    """Give each input artifact a field of its own, named after its type: `idea`, `idea_2`, …."""
    fields: dict[str, BaseModel] = {}
    for artifact in artifacts:
        base = name = snake_case(artifact.type)
        if name in ("config", "lm", "signature", "demos", "new_signature", "prediction"):
            base = name = f"{base}_input"
        number = 1
        while name in fields:
            number += 1
            name = f"{base}_{number}"
        fields[name] = artifact.payload
    return fields


def build_signature(instructions: str, inputs: Mapping[str, BaseModel], plan: OutputPlan) -> Any:
    """Make the signature: each input artifact one field, the plan's fields as outputs."""
    fields: dict[str, Any] = {}
    for name, payload in inputs.items():
        description = (type(payload).__doc__ or "").strip() or f"the {name.replace('_', ' ')}"
        fields[name] = (type(payload), dspy.InputField(desc=description))
    for planned in plan.fields.values():
        fields[planned.prompt_name] = (planned.annotation, _output_field(planned))
    return dspy.Signature(fields, instructions)


async def run_program(
    answering: Answering,
    signature: Any,
    inputs: dict[str, BaseModel],
    *,
    program: Program,
    tools: Sequence[Tool],
    threads: Callable[[], Executor],
    max_iterations: int,
) -> None:
    """Run one program to its end; the results are in `answering`. `threads` gives those that synchronous tools need."""
    is_predict = program == "predict" or (program == "auto" and not tools)
    if is_predict and await ask_outright(answering, signature, inputs):
        return
    lm = dspy.LM(
        answering.model_name,
        engine=NoSyncEngine(),
        async_engine=Tap(answering),
        cache=False,
        num_retries=0,
    )
    wrapped = [_shown_tool(tool, answering, threads) for tool in tools]
    module = _module(program, signature, wrapped, max_iterations)
    with dspy.context(lm=lm, adapter=AskingAdapter(answering, lm), disable_history=True, max_trace_size=0):
        await module.acall(**inputs)


def _module(program: Program, signature: Any, tools: list[Tool], max_iterations: int) -> Any:
    if program == "react" or (program == "auto" and tools):
        return dspy.ReAct(signature, tools=tools, max_iters=max_iterations)
    if program == "chain_of_thought":
        return dspy.ChainOfThought(signature)
    return dspy.Predict(signature)


def _output_field(planned: PlannedField) -> Any:
    info = planned.info
    field = dspy.OutputField(desc=info.description or f"${{{planned.prompt_name}}}")
    constraints = [
        text.format(getattr(entry, name))
        for entry in info.metadata
        for name, text in _CONSTRAINTS.items()
        if getattr(entry, name, None) is not None
    ]
    if constraints:
        field.json_schema_extra["constraints"] = ", ".join(constraints)
    return field


def _shown_tool(tool: Tool, answering: Answering, threads: Callable[[], Executor]) -> Tool:
    """Wrap a tool so that its calls and results are events, and a synchronous one leaves the event loop free."""
    view = ToolView.of(tool)

    async def shown(**arguments: Any) -> Any:
        writer, step = answering.writer, answering.step
        call = json.dumps({"name": view.name, "arguments": arguments}, ensure_ascii=False, default=str)
        writer.append(call, output_type="tool_call", kind="json", step=step)
        try:
            result = _sound(await _call(tool, arguments, threads))
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - the model is told, and the run goes on
            text = answering.redact(clean(f"{type(exc).__name__}: {exc}"))
            writer.append(text, output_type="tool_result", step=step)
            raise ToolError(text) from None
        shown_result = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
        writer.append(shown_result, output_type="tool_result", step=step)
        return result

    shown.__name__, shown.__doc__, shown.__annotations__ = view.name, view.doc, view.hints
    shown.__signature__ = view.signature  # type: ignore[attr-defined]  # what `inspect.signature` reads
    return shown


def _sound(result: Any) -> Any:
    """Give a tool's result as DSPy takes it: plain values, their texts valid Unicode."""
    return plain(serialize_for_json(plain(result)))


async def _call(tool: Tool, arguments: Mapping[str, Any], threads: Callable[[], Executor]) -> Any:
    if inspect.iscoroutinefunction(tool):
        return await tool(**arguments)
    bound = functools.partial(copy_context().run, tool, **arguments)
    result = await asyncio.get_running_loop().run_in_executor(threads(), bound)
    return await result if inspect.isawaitable(result) else result
