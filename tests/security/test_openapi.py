"""The OpenAPI document and the server keep to each other, whatever is asked."""

import asyncio
from typing import Any

import pytest
from schemathesis.core.failures import FailureGroup

from tests.security.openapi import Target, attack_all, target

EXAMPLES = 8
"""Requests per operation and kind."""


async def test_every_answer_is_one_that_the_document_describes() -> None:
    async with target() as attacked:
        await attack_all(attacked, examples=EXAMPLES)
        statuses = {
            label: {status for name, status in attacked.answered if name == label} for label, _ in attacked.answered
        }
        successless = [label for label, seen in statuses.items() if not any(status < 300 for status in seen)]
        assert successless == []
        assert len(statuses) == len(attacked.operations())


def _undocumented_status(document: Any) -> None:
    del document["paths"]["/api/v1/agents/{name}"]["get"]["responses"]["404"]


def _wrong_shape(document: Any) -> None:
    document["components"]["schemas"]["AgentBody"]["properties"]["name"]["type"] = "integer"


def _wrong_type_of_content(document: Any) -> None:
    response = document["paths"]["/api/v1/agents/{name}"]["get"]["responses"]["200"]
    response["content"] = {"text/plain": {"schema": {"type": "string"}}}


@pytest.mark.parametrize("plant", [_undocumented_status, _wrong_shape, _wrong_type_of_content])
async def test_a_planted_lie_in_the_document_is_found(plant: Any) -> None:
    async with target() as attacked:
        plant(attacked.document)
        lying = next(one for one in attacked.operations() if one.label == "GET /api/v1/agents/{name}")
        with pytest.raises(FailureGroup):
            await asyncio.to_thread(Target.attack, attacked, lying, examples=EXAMPLES)


async def test_a_planted_failure_of_the_server_is_found_though_it_is_documented() -> None:
    async with target(RuntimeError("planted")) as attacked:
        failing = next(one for one in attacked.operations() if one.label == "POST /api/v1/agents/{name}/run")
        with pytest.raises(FailureGroup, match="Server error"):
            await asyncio.to_thread(Target.attack, attacked, failing, examples=8 * EXAMPLES)
        assert (failing.label, 500) in attacked.answered
