"""Many requests to every operation of the OpenAPI document."""

import pytest

from tests.security.openapi import attack_all, target

EXAMPLES = 200
"""Requests per operation and kind."""


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_many_requests_of_every_kind_get_documented_answers() -> None:
    async with target() as attacked:
        await attack_all(attacked, examples=EXAMPLES)
        print(f"figure: {EXAMPLES} requests of each kind to each of {len(attacked.operations())} operations")
