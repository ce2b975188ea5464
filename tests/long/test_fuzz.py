"""Many more hostile inputs than the normal tests try."""

import pytest

from tests.security.test_fuzz import (
    TOKENS,
    get_hostile_queries,
    post_hostile_bodies,
    shout_hostile_bytes,
    talk_in_hostile_frames,
)

EXAMPLES = 3000
"""How many of each kind."""


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_many_hostile_inputs_get_documented_errors(caplog: pytest.LogCaptureFixture) -> None:
    await post_hostile_bodies(caplog, examples=EXAMPLES)
    await get_hostile_queries(caplog, examples=EXAMPLES)
    for headers in TOKENS:
        await talk_in_hostile_frames(headers, caplog, examples=EXAMPLES)
    await shout_hostile_bytes(caplog, examples=EXAMPLES)
    print(f"figure: {EXAMPLES} hostile bodies, queries, WebSocket conversations and byte strings each")
