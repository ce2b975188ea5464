/** How a run becomes known: by its start, or by a snapshot of what it has become since. */

import type { Snapshot, StreamStarted } from "@/protocol/events";
import { corrected } from "./outcome";
import { channelKey, type Run } from "./run";

function constants(event: StreamStarted | Snapshot) {
  return {
    runId: event.run_id,
    stream: event.stream,
    correlationId: event.correlation_id,
    agent: event.agent_name,
    artifacts: event.artifacts,
    inputs: event.inputs,
    engine: event.engine,
    model: event.model,
    simulated: event.simulated,
    priority: event.priority,
    attemptReason: "",
    isTrimmed: false,
  };
}

export function runFromStart(event: StreamStarted): Run {
  return {
    ...constants(event),
    state: "queued",
    reason: "",
    decision: null,
    attempt: 1,
    next: 0,
    fields: [],
    chars: 0,
    outcome: null,
    startedAt: event.timestamp,
    activatedAt: null,
    firstTokenAt: null,
    endedAt: null,
  };
}

export function runFromSnapshot(event: Snapshot): Run {
  const fields = event.fields.map(({ output_type: outputType, artifact_id: artifactId, ...rest }) => {
    const channel = { field: rest.field, kind: rest.kind, step: rest.step, outputType, artifactId };
    return { ...channel, key: channelKey(channel), text: rest.text };
  });
  const run: Run = {
    ...constants(event),
    state: event.state,
    reason: event.outcome?.error?.message ?? event.reason ?? "",
    decision: event.decision,
    attempt: event.attempt,
    next: event.next_sequence,
    fields,
    chars: fields.reduce((sum, field) => sum + field.text.length, 0),
    outcome: event.outcome,
    startedAt: event.started_at,
    activatedAt: event.activated_at,
    firstTokenAt: event.first_token_at,
    endedAt: event.ended_at,
  };
  return event.outcome === null ? run : corrected(run, event.outcome);
}
