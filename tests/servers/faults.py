"""All faults of model servers that are tested, and the list that they cover."""

import random

from tests.servers.fault import Fault
from tests.servers.fault_connections import CONNECTIONS
from tests.servers.fault_refusals import REFUSALS
from tests.servers.fault_streams import STREAMS

FAULTS: tuple[Fault, ...] = (*REFUSALS, *CONNECTIONS, *STREAMS)

ITEMS = (
    "401",
    "404",
    "400 context length",
    "408",
    "429 with Retry-After",
    "429 without Retry-After",
    "429 with an absurd Retry-After",
    "quota 429",
    "500",
    "502 with HTML",
    "503",
    "529",
    "accept and close",
    "reset before headers",
    "reset mid-stream",
    "reset mid-chunk",
    "hang before headers",
    "hang before the first token",
    "hang mid-stream",
    "hang after the last token",
    "pings only",
    "slow drip",
    "clean truncation",
    "dirty truncation",
    "truncation inside an event",
    "early [DONE]",
    "missing [DONE]",
    "doubled [DONE]",
    "error object mid-stream",
    "malformed JSON",
    "non-object JSON",
    "empty data",
    "deep JSON",
    "huge integers",
    "invalid UTF-8",
    "UTF-8 split at every byte",
    "surrogate escapes split over deltas",
    "lone surrogates",
    "NUL",
    "BOM",
    "CR",
    "CRLF",
    "U+2028",
    "comments",
    "multi-line data",
    "retry and id fields",
    "1 MiB delta",
    "64 MiB line",
    "gzip bomb",
    "HTML with status 200",
    "JSON instead of SSE",
    "usage chunk with empty choices",
    "null content",
    "role repeated",
    "several choices",
    "duplicate finish",
    "text after finish",
    "length",
    "content_filter",
    "reasoning in both spellings",
    "tool calls in fragments",
    "wrong format",
    "refusal",
    "empty stream",
    "redirect loops",
    "connections kept alive",
    "connections closed between requests",
)
"""What has to be covered, each by at least one fault."""


def drawn(seed: int, count: int) -> list[Fault]:
    """Draw different faults at random, the same ones for the same seed."""
    return random.Random(seed).sample(FAULTS, count)
