"""DSPy's engine contract: the tap that hands its model calls to flock, and its providers as flock models.

The only file that knows DSPy's stream. flock's own models never pass through here on their way to the journal.
"""

import os
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from dspy import lm15
from dspy.clients.engines.litellm_engine import AsyncLiteLLMEngine
from dspy.clients.engines.lm15_engine import AsyncLM15Engine
from dspy.clients.lm15_boundary import request_kwargs
from dspy.lm15 import LM15Error, Message, Request, Response, RouterConfig, TextPart, Usage, request_from_openai_chat

from flock.engines.answering import Answering
from flock.engines.model import Completion, ModelCall, TokenSink
from flock.errors import ModelError, TransportError, TruncatedError
from flock.redaction import Redactor


class NoSyncEngine:
    """The synchronous engine DSPy wants beside the asynchronous one; flock never calls a model synchronously."""

    def complete(self, request: Request) -> Response:
        """Refuse."""
        raise lm15.UnsupportedFeatureError("flock calls models asynchronously only.")


class Tap:
    """DSPy's asynchronous engine for one run: each call goes to the run's own model, tokens to its own stream."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    async def complete(self, request: Request) -> Response:
        """Make one call. What goes wrong is kept for the run, since DSPy wraps exceptions of engines."""
        answering = self._answering
        try:
            text, completion = await answering.call(request_kwargs(request, "chat"))
        except Exception as exc:
            answering.failure = exc
            raise
        return Response(
            id=None,
            model=completion.model or request.model,
            message=Message.assistant([TextPart(text or " ")]),
            finish_reason="stop",
            usage=Usage(),
        )


class ProviderModel:
    """Any provider that DSPy's own client or LiteLLM reaches, as a flock model."""

    def __init__(self, model: str, *, api_key: str | None = None, base_url: str | None = None) -> None:
        self._model = model
        self._redactor = Redactor([api_key] if api_key else [])
        self._engine = _provider_engine(model, api_key, base_url)

    async def complete(self, call: ModelCall, sink: TokenSink) -> Completion:
        """Stream one call through DSPy's engine for this provider; raises `ModelError`."""
        try:
            request = request_from_openai_chat({**call.body, "model": self._model})
            if not call.stream:
                return _whole(await self._engine.complete(request), sink)
            async with aclosing(self._engine.stream(request)) as events:
                return await self._pump(events, sink)
        except LM15Error as exc:
            raise self._error(exc) from exc

    async def aclose(self) -> None:
        """Close the provider's connections."""
        await self._engine.aclose()

    async def _pump(self, events: Any, sink: TokenSink) -> Completion:
        completion: Completion | None = None
        model = ""
        async for event in events:
            match event.type:
                case "start":
                    model = event.model or ""
                case "delta":
                    _push(event.delta, sink)
                case "end":
                    completion = Completion(_finish_reason(event.finish_reason), _usage(event.usage), model)
                case "error":
                    raise ModelError(self._redactor.redact(event.error.message))
        if completion is None:
            raise TruncatedError("The provider's stream ended without a finish reason.", retryable=True)
        return completion

    def _error(self, error: LM15Error) -> ModelError:
        retryable = isinstance(
            error, lm15.RateLimitError | lm15.ServerError | lm15.TransportError | lm15.TimeoutError
        ) and not isinstance(error, lm15.BillingError)
        kind = ModelError
        if isinstance(error, lm15.StreamAssemblyError):
            kind = TruncatedError
        elif isinstance(error, lm15.TransportError | lm15.TimeoutError):
            kind = TransportError
        return kind(
            self._redactor.redact(error.message or type(error).__name__),
            status=error.status,
            retryable=retryable,
            retry_after_s=error.retry_after,
        )


def needs_litellm(model: str) -> bool:
    """Whether the first call of this model would import LiteLLM, which takes seconds, within its deadlines."""
    return _own_provider(model) is None


def _own_provider(model: str) -> str | None:
    """Give the provider of a model where DSPy's own client knows it, None where LiteLLM is needed."""
    try:
        provider: str = AsyncLM15Engine(RouterConfig(env={})).resolve(model).provider
    except LM15Error:
        return None
    return provider


def _provider_engine(model: str, api_key: str | None, base_url: str | None) -> AsyncLM15Engine | AsyncLiteLLMEngine:
    """Choose DSPy's own client where it knows the provider, LiteLLM otherwise; no network either way."""
    provider = _own_provider(model)
    if provider is None:
        options = {"api_key": api_key, "api_base": base_url}
        return AsyncLiteLLMEngine(**{name: value for name, value in options.items() if value is not None})
    return AsyncLM15Engine(
        RouterConfig(
            api_keys={provider: api_key} if api_key else None, base_urls={provider: base_url} if base_url else None
        )
    )


def _push(delta: Any, sink: TokenSink) -> None:
    match delta.type:
        case "text":
            sink.text(delta.text)
        case "thinking":
            sink.reasoning(delta.text)
        case "tool_call":
            sink.tool_call(delta.part_index, delta.name, delta.input)


def _whole(response: Response, sink: TokenSink) -> Completion:
    for part in response.message.parts:
        match part.type:
            case "thinking":
                sink.reasoning(part.text)
            case "text":
                sink.text(part.text)
    return Completion(_finish_reason(response.finish_reason), _usage(response.usage), response.model or "")


def _finish_reason(reason: str | None) -> str:
    return "tool_calls" if reason == "tool_call" else reason or "stop"


def _usage(usage: Usage | None) -> Mapping[str, Any]:
    if usage is None:
        return {}
    counts = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
    return {key: value for key, value in counts.items() if value is not None}
