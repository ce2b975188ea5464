"""`DSPyEngine`: an agent's contract becomes a DSPy signature, its model's tokens become events."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import ModuleType
from typing import Any, Literal

from pydantic import BaseModel, Field, PrivateAttr

from flock.engines.answering import Answering
from flock.engines.attempts import RetryPolicy
from flock.engines.base import AgentView, EngineComponent, EngineLabel, ModelDefaults
from flock.engines.deadlines import Watchdog
from flock.engines.demo import DemoModel
from flock.engines.loading import load
from flock.engines.model import AnswerFormat, Model
from flock.engines.model_names import Endpoint, resolve_endpoint
from flock.engines.output_plan import OutputPlan
from flock.engines.tool_view import tool_name
from flock.errors import ConfigurationError, OutputError
from flock.redaction import Redactor
from flock.runtime import Context, EvalInputs, EvalResult

TOOL_THREADS = 32
"""How many synchronous tools of one engine run at once."""

MAX_CHECKED = 64
"""How many combinations of model and output types an engine remembers as checked."""

FINISH = "finish"
"""What ReAct's own tool is called."""

_NO_MODEL_HINT = (
    "Name one: Flock('openai/gpt-4.1-mini') with OPENAI_API_KEY set, Flock('ollama/llama3.2'), "
    "or Flock('demo/writer'), which needs no key."
)


class DSPyEngine(EngineComponent):
    """Asks a model for the agent's output types and streams every field while it is written.

    Fields left out are taken from the `Flock`. Deadlines are in seconds: `connect_timeout_s` until the server is
    reached, `first_token_timeout_s` until it says something, `progress_timeout_s` between two pieces of text (pings
    are none), `total_timeout_s` for the whole run. `max_retries` counts further calls after faults that may pass;
    each is a new attempt. At most `max_connections` calls to an OpenAI-compatible server are under way at once; the
    next one waits for a connection, within `connect_timeout_s`. `program` is `predict`, `chain_of_thought` or `react`;
    `auto` takes ReAct where the agent has tools. With `stream=False` the provider is not asked to stream.
    """

    model: str | None = None
    base_url: str | None = None
    api_key: str | None = Field(default=None, repr=False)
    temperature: float | None = None
    max_tokens: int | None = Field(default=None, gt=0)
    adapter: AnswerFormat = "chat"
    program: Literal["auto", "predict", "chain_of_thought", "react"] = "auto"
    max_iterations: int = Field(default=10, gt=0, description="Steps of a tool-using agent at the most")
    connect_timeout_s: float = Field(default=10.0, gt=0)
    first_token_timeout_s: float = Field(default=60.0, gt=0)
    progress_timeout_s: float = Field(default=30.0, gt=0)
    total_timeout_s: float = Field(default=600.0, gt=0)
    max_connections: int = Field(default=1000, gt=0)
    max_retries: int = Field(default=2, ge=0)

    _defaults: ModelDefaults = PrivateAttr(default=ModelDefaults())
    _redactor: Redactor | None = PrivateAttr(default=None)
    _programs: ModuleType | None = PrivateAttr(default=None)
    _checked: set[tuple[Any, ...]] = PrivateAttr(default_factory=set)
    _client: Model | None = PrivateAttr(default=None)
    _endpoint_of_client: tuple[tuple[str | None, ...], Endpoint] | None = PrivateAttr(default=None)
    _executor: ThreadPoolExecutor | None = PrivateAttr(default=None)
    _signatures: dict[Any, tuple[OutputPlan, Any]] = PrivateAttr(default_factory=dict)

    def bind(self, defaults: ModelDefaults, redactor: Redactor) -> None:
        """Take over a flock's model, base URL and key where this engine names none of its own.

        Raises `ConfigurationError` where the engine works for another flock, whose model and key it would change.
        """
        if self._redactor is not None and (self._redactor is not redactor or self._defaults != defaults):
            raise ConfigurationError(
                "This engine belongs to another flock.", hint=f"Make one {type(self).__name__} per flock."
            )
        self._defaults, self._redactor = defaults, redactor
        for secret in (self.api_key, defaults.api_key):
            if secret:
                redactor.add(secret)

    def label(self) -> EngineLabel:
        """Say how the engine appears in events."""
        model = self.model or self._defaults.model
        is_simulated = model is not None and model.startswith("demo/")
        return EngineLabel(type(self).__name__, model, is_simulated)

    def check(self, agent: AgentView) -> None:
        """Raise `ConfigurationError` where there is no model, no key, nothing to ask for, or two tools of one name."""
        endpoint = self._endpoint()
        _check_tools(agent)
        checked = (endpoint.name, *agent.output_types)
        if checked in self._checked:
            return
        if endpoint.kind == "demo":
            DemoModel.from_name(endpoint.name)
        OutputPlan(agent.output_types)
        if len(self._checked) >= MAX_CHECKED:
            self._checked.clear()
        self._checked.add(checked)

    async def prepare(self) -> None:
        """Import DSPy, and LiteLLM where the model needs it, which takes seconds, without holding the event loop."""
        await self._load(self._endpoint())

    async def evaluate(self, agent: AgentView, ctx: Context, inputs: EvalInputs) -> EvalResult:
        """Run the agent once; raises `ModelError`, `FormatError` or `DeadlineError`.

        The bound of the whole run, `total_timeout_s`, is kept by whoever calls this, as for every engine.
        """
        endpoint = self._endpoint()
        dspy_program = await self._load(endpoint)
        fields = dspy_program.input_fields(inputs.artifacts)
        plan, signature = self._signature(dspy_program, agent, fields)
        answering = self._answering(endpoint, plan, ctx, seed=agent.name)
        await dspy_program.run_program(
            answering,
            signature,
            fields,
            program=self.program,
            tools=agent.tools,
            threads=self._tool_threads,
            max_iterations=self.max_iterations,
        )
        if not answering.payloads:
            raise OutputError(f"The program of {agent.name!r} ended without an answer.")
        return EvalResult.of(*answering.payloads, finish_reason=answering.finish_reason, usage=answering.usage)

    async def aclose(self) -> None:
        """Close the model's connections and the threads of tools."""
        client, self._client, self._endpoint_of_client = self._client, None, None
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
        if client is not None:
            await client.aclose()

    async def _load(self, endpoint: Endpoint) -> ModuleType:
        """Give what makes programs, once all is loaded that the model needs, too: no deadline runs meanwhile."""
        if self._programs is None:
            programs = await load("flock.engines.dspy_program")
            match endpoint.kind:
                case "openai":
                    await load("flock.engines.openai_stream")
                case "provider":
                    from flock.engines.dspy_stream import needs_litellm

                    if needs_litellm(endpoint.name):
                        await load("litellm")
            self._programs = programs
        return self._programs

    def _answering(self, endpoint: Endpoint, plan: OutputPlan, ctx: Context, *, seed: str) -> Answering:
        # The client of OpenAI-compatible servers keeps these deadlines itself, and knows when an answer is whole.
        is_watched = self.stream and endpoint.kind != "openai"
        watchdog = partial(
            Watchdog,
            first_token_s=self.connect_timeout_s + self.first_token_timeout_s,
            progress_s=self.progress_timeout_s,
            subject=f"The model {endpoint.name!r}",
        )
        return Answering(
            model=self._model(endpoint),
            model_name=endpoint.wire_name,
            answer_format=self.adapter,
            plan=plan,
            writer=ctx.writer,
            policy=RetryPolicy(self.max_retries),
            watchdog=watchdog if is_watched else None,
            seed=seed,
            options=self._options(endpoint),
            redact=self._redactor.redact if self._redactor is not None else str,
            is_streaming=self.stream,
        )

    def _signature(
        self, dspy_program: ModuleType, agent: AgentView, fields: dict[str, BaseModel]
    ) -> tuple[OutputPlan, Any]:
        inputs = tuple((name, type(payload)) for name, payload in fields.items())
        key = (agent.name, agent.description, tuple(agent.output_types), inputs)
        known = self._signatures.get(key)
        if known is None:
            plan = OutputPlan(agent.output_types, taken=list(fields))
            instructions = _instructions(agent.description, agent.output_types)
            known = self._signatures[key] = (plan, dspy_program.build_signature(instructions, fields, plan))
        return known

    def _endpoint(self) -> Endpoint:
        """Give where the model is, once there is a client the one that was made for it."""
        known = self._endpoint_of_client
        if known is not None and known[0] == (self.model, self.base_url, self.api_key):
            return known[1]
        return self._find_endpoint()

    def _find_endpoint(self) -> Endpoint:
        defaults = self._defaults
        name = self.model or defaults.model
        if name is None:
            raise ConfigurationError("The engine has no model.", hint=_NO_MODEL_HINT)
        is_shared = self.model is None or _provider(self.model) == _provider(defaults.model)
        base_url = self.base_url or (defaults.base_url if is_shared else None)
        api_key = self.api_key or (defaults.api_key if is_shared else None)
        endpoint = resolve_endpoint(name, base_url=base_url, api_key=api_key)
        if endpoint.api_key and self._redactor is not None:
            self._redactor.add(endpoint.api_key)
        return endpoint

    def _model(self, endpoint: Endpoint) -> Model:
        if self._client is None:
            self._client = self._make_model(endpoint)
            self._endpoint_of_client = (self.model, self.base_url, self.api_key), endpoint
        return self._client

    def _make_model(self, endpoint: Endpoint) -> Model:
        match endpoint.kind:
            case "demo":
                return DemoModel.from_name(endpoint.name)
            case "openai":
                from flock.engines.openai_stream import OpenAIStream

                assert endpoint.base_url is not None
                return OpenAIStream(
                    base_url=endpoint.base_url,
                    api_key=endpoint.api_key,
                    connect_timeout_s=self.connect_timeout_s,
                    first_token_timeout_s=self.first_token_timeout_s,
                    progress_timeout_s=self.progress_timeout_s,
                    total_timeout_s=self.total_timeout_s,
                    max_connections=self.max_connections,
                )
            case "provider":
                from flock.engines.dspy_stream import ProviderModel

                return ProviderModel(endpoint.name, api_key=endpoint.api_key, base_url=endpoint.base_url)

    def _options(self, endpoint: Endpoint) -> dict[str, Any]:
        options: dict[str, Any] = {"temperature": self.temperature, endpoint.limit_name: self.max_tokens}
        if self.adapter == "json" and endpoint.takes_json_mode:
            options["response_format"] = {"type": "json_object"}
        return {name: value for name, value in options.items() if value is not None}

    def _tool_threads(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(TOOL_THREADS, thread_name_prefix="flock-tool")
        return self._executor


def _provider(model: str | None) -> str:
    """Give whose URL and key a flock's defaults are: without a model, or without a prefix, it is OpenAI's protocol."""
    prefix, slash, _ = (model or "").partition("/")
    return prefix if slash else "openai"


def _check_tools(agent: AgentView) -> None:
    names = [tool_name(tool) for tool in agent.tools]
    for name in names:
        if name == FINISH:
            raise ConfigurationError(
                f"A tool of agent {agent.name!r} is named {FINISH!r}, which ends a tool-using program.",
                hint="Give the function another name.",
            )
        if names.count(name) > 1:
            raise ConfigurationError(
                f"Agent {agent.name!r} has two tools named {name!r}, and the model could only call one of them.",
                hint="Wrap one in a function with a name of its own.",
            )


def _instructions(description: str, models: Sequence[type[BaseModel]]) -> str:
    """Write the signature's instructions: what the agent does, and what its outputs mean."""
    about = [f"{model.__name__}: {model.__doc__.strip()}" for model in models if model.__doc__]
    return "\n".join([description or f"Produce {', '.join(model.__name__ for model in models)}.", *about])
