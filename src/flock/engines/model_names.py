"""From a model's name to the endpoint that serves it, and the key it needs."""

import os
from dataclasses import dataclass, field
from typing import Literal

from flock.errors import ConfigurationError, MissingKeyError

OPENAI_BASE_URL = "https://api.openai.com/v1"
OLLAMA_BASE_URL = "http://127.0.0.1:11434/v1"

_COMPATIBLE_PREFIXES = frozenset({"hosted_vllm", "vllm", "lm_studio", "litellm_proxy"})
_OTHER_DIALECTS = frozenset(
    "anthropic azure azure_ai azure_text bedrock bedrock_converse cohere cohere_chat gemini google palm replicate "
    "sagemaker sagemaker_chat vertex_ai vertex_ai_beta watsonx".split()
)
"""Providers that do not speak OpenAI's protocol at any URL."""

_KEY_VARIABLES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "cohere": "COHERE_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "together_ai": "TOGETHER_API_KEY",
    "xai": "XAI_API_KEY",
}
_FIXES = (
    "Set {variable}, or use a local model, Flock('ollama/llama3.2'), "
    "or the built-in one that needs no key, Flock('demo/writer')."
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is: the demo model, an OpenAI-compatible URL, or a provider that DSPy reaches, at its own URL.

    `wire_name` is what the endpoint calls the model. `takes_json_mode` is whether it is known to understand
    `response_format: {"type": "json_object"}`, `limit_name` what it calls the bound of an answer's length.
    """

    kind: Literal["demo", "openai", "provider"]
    name: str
    wire_name: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    takes_json_mode: bool = False
    limit_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"


def resolve_endpoint(model: str, *, base_url: str | None = None, api_key: str | None = None) -> Endpoint:
    """Find the endpoint of `model`; raises `MissingKeyError` or `ConfigurationError` with what to do."""
    prefix, slash, rest = model.partition("/")
    if not slash:
        prefix, rest = "openai", model
    if not rest:
        raise ConfigurationError(f"{model!r} names a provider but no model.", hint="For example 'openai/gpt-4.1-mini'.")
    if prefix == "demo":
        return Endpoint("demo", model, model)
    if prefix.startswith("ollama"):
        return Endpoint("openai", model, rest, base_url or _ollama_url(), api_key, takes_json_mode=True)
    if prefix == "openai":
        return _openai_endpoint(model, rest, base_url, api_key)
    if base_url is not None and prefix not in _OTHER_DIALECTS:
        return Endpoint("openai", model, rest if prefix in _COMPATIBLE_PREFIXES else model, base_url, api_key)
    key = api_key or os.environ.get(_KEY_VARIABLES.get(prefix, f"{prefix.upper()}_API_KEY"))
    if not key and base_url is None and prefix in _KEY_VARIABLES:
        raise _missing_key(model, _KEY_VARIABLES[prefix])
    return Endpoint("provider", model, model, base_url, key)


def _openai_endpoint(model: str, wire_name: str, base_url: str | None, api_key: str | None) -> Endpoint:
    url = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_BASE_URL
    key = api_key or os.environ.get("OPENAI_API_KEY")
    if url == OPENAI_BASE_URL and not key:
        raise _missing_key(model, "OPENAI_API_KEY")
    if url != OPENAI_BASE_URL:
        return Endpoint("openai", model, wire_name, url, key)
    return Endpoint("openai", model, wire_name, url, key, True, "max_completion_tokens")


def _ollama_url() -> str:
    host = os.environ.get("OLLAMA_HOST")
    if not host:
        return OLLAMA_BASE_URL
    url = host if "://" in host else f"http://{host}"
    return url if url.rstrip("/").endswith("/v1") else f"{url.rstrip('/')}/v1"


def _missing_key(model: str, variable: str) -> MissingKeyError:
    return MissingKeyError(f"Model {model!r} needs an API key, and none is set.", hint=_FIXES.format(variable=variable))
