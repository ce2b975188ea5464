"""Many more random responses of model servers than the normal test tries."""

import time

import pytest

from tests.integration.test_model_garbage import try_garbage

RESPONSES = 50_000


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_no_response_of_very_many_hangs_a_call_or_breaks_it_in_an_unknown_way() -> None:
    began = time.monotonic()
    await try_garbage(RESPONSES)
    took_s = time.monotonic() - began
    print(f"figure: {RESPONSES:,} random responses, each ended at once and as documented ({took_s:.0f} s)")
