"""Where a model name leads, and what is said when a key is missing."""

import pytest

from flock.engines.model_names import OLLAMA_BASE_URL, OPENAI_BASE_URL, resolve_endpoint
from flock.errors import ConfigurationError, MissingKeyError

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OLLAMA_HOST", "ANTHROPIC_API_KEY", "AZURE_API_KEY")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_missing_key_is_answered_with_three_fixes() -> None:
    with pytest.raises(MissingKeyError) as caught:
        resolve_endpoint("openai/gpt-4.1-mini")
    text = str(caught.value)
    assert "OPENAI_API_KEY" in text
    assert "ollama/" in text
    assert "demo/" in text


def test_a_missing_key_of_another_provider_names_its_variable() -> None:
    with pytest.raises(MissingKeyError, match="ANTHROPIC_API_KEY"):
        resolve_endpoint("anthropic/claude-sonnet-4-5")


def test_key_and_url_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway.test/v1")
    endpoint = resolve_endpoint("openai/some-model")
    assert (endpoint.base_url, endpoint.api_key) == ("http://gateway.test/v1", "sk-from-environment")
    assert endpoint.wire_name == "some-model"


def test_what_is_said_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment")
    endpoint = resolve_endpoint("openai/m", base_url="http://here.test/v1", api_key="sk-mine")
    assert (endpoint.base_url, endpoint.api_key) == ("http://here.test/v1", "sk-mine")


def test_a_local_server_needs_no_key() -> None:
    endpoint = resolve_endpoint("openai/m", base_url="http://127.0.0.1:9/v1")
    assert endpoint.api_key is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (None, OLLAMA_BASE_URL),
        ("gpu-box:11434", "http://gpu-box:11434/v1"),
        ("https://gpu-box/", "https://gpu-box/v1"),
        ("http://gpu-box/v1", "http://gpu-box/v1"),
    ],
)
def test_ollama_is_found_where_its_variable_says(monkeypatch: pytest.MonkeyPatch, host: str | None, url: str) -> None:
    if host is not None:
        monkeypatch.setenv("OLLAMA_HOST", host)
    endpoint = resolve_endpoint("ollama/llama3.2")
    assert (endpoint.kind, endpoint.base_url, endpoint.wire_name) == ("openai", url, "llama3.2")


def test_a_name_without_a_provider_is_openai() -> None:
    endpoint = resolve_endpoint("gpt-4.1-mini", api_key="sk-mine")
    assert (endpoint.base_url, endpoint.wire_name) == (OPENAI_BASE_URL, "gpt-4.1-mini")


def test_another_provider_behind_a_base_url_keeps_its_whole_name() -> None:
    endpoint = resolve_endpoint("meta-llama/Llama-3-8B", base_url="http://vllm.test/v1")
    assert (endpoint.kind, endpoint.wire_name) == ("openai", "meta-llama/Llama-3-8B")
    assert resolve_endpoint("vllm/some/model", base_url="http://vllm.test/v1").wire_name == "some/model"


def test_other_providers_go_through_dspy() -> None:
    assert resolve_endpoint("anthropic/claude-sonnet-4-5", api_key="key").kind == "provider"


def test_a_provider_without_a_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="names a provider but no model"):
        resolve_endpoint("openai/")


@pytest.mark.parametrize("name", ["anthropic/claude", "azure/gpt", "gemini/flash", "bedrock/nova", "vertex_ai/flash"])
def test_a_provider_with_a_protocol_of_its_own_keeps_it_at_a_base_url(name: str) -> None:
    endpoint = resolve_endpoint(name, base_url="https://gateway.test", api_key="key")
    assert (endpoint.kind, endpoint.wire_name, endpoint.base_url) == ("provider", name, "https://gateway.test")


def test_a_providers_key_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_KEY", "azure-from-environment")
    assert resolve_endpoint("azure/gpt", base_url="https://here.test").api_key == "azure-from-environment"


def test_an_endpoint_shown_in_a_log_has_no_key() -> None:
    assert "sk-mine" not in repr(resolve_endpoint("openai/m", api_key="sk-mine"))
