"""Whether what a stream showed equals what its artifacts hold, field by field."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from msgspec import UNSET

from flock.artifacts import Artifact
from flock.events import FieldOutcome, TextKind
from flock.leaves import plain, same
from flock.pointer import escape
from flock.transcript import Transcript

Leaf = tuple[TextKind, str]


def field_outcomes(transcript: Transcript, artifacts: Sequence[Artifact]) -> tuple[FieldOutcome, ...]:
    """Compare the stream's current attempt with the published artifacts."""
    streamed = _streamed_leaves(transcript)
    outcomes: list[FieldOutcome] = []
    for artifact in artifacts:
        name = str(artifact.id)
        values = plain(artifact.payload.model_dump(mode="json", by_alias=False))
        fields = values if isinstance(values, dict) else {"root": values}
        outcomes += [_outcome(name, field, streamed.get((name, escape(field)), {}), fields[field]) for field in fields]
    return tuple(outcomes)


def _streamed_leaves(transcript: Transcript) -> dict[tuple[str, str], dict[str, Leaf]]:
    """Give per artifact id and top-level field its streamed leaves, keyed by the pointer inside the field."""
    leaves: dict[tuple[str, str], dict[str, Leaf]] = defaultdict(dict)
    slots = transcript.stream.artifacts
    for channel, text in transcript.channels.items():
        if channel.output_type == "llm_token" and channel.field is not None and channel.artifact is not None:
            field, _, path = channel.field.partition("/")
            leaves[slots[channel.artifact].artifact_id, field][path] = (channel.kind, text.decode())
    return leaves


def _outcome(artifact_id: str, field: str, streamed: dict[str, Leaf], value: object) -> FieldOutcome:
    matches = bool(streamed or value == "") and same(streamed, value)
    return FieldOutcome(
        artifact_id=artifact_id,
        field=field,
        sha256=hashlib.sha256(canonical(value)).hexdigest(),
        matches=matches,
        value=UNSET if matches else value,
    )


def canonical(value: object) -> bytes:
    """Give the bytes a field's hash is over: a string's UTF-8, or compact JSON with sorted keys."""
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
