/** How a run becomes known: by its start, or by a snapshot of what it has become since. */

import type { Snapshot, StreamStarted } from "@/protocol/events";
import { fieldText } from "./field_text";
import { corrected } from "./outcome";
import type { Run } from "./run";

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
    attemptReason: "",
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

/** Give the run of a snapshot; of what is `known` of it already stays what a snapshot does not tell. */
export function runFromSnapshot(event: Snapshot, known?: Run): Run {
  const fields = event.fields.map(({ field, output_type, kind, step, artifact_id, text }) =>
    fieldText({ field, outputType: output_type, kind, step, artifactId: artifact_id }, text),
  );
  const run: Run = {
    ...constants(event),
    state: event.state,
    reason: reasonOf(event),
    decision: event.decision,
    attempt: event.attempt,
    attemptReason: known?.attempt === event.attempt ? known.attemptReason : "",
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

/** A snapshot gives the last reason there was: that a run streams, or did so to its end, needs none. */
function reasonOf({ state, decision, reason, outcome }: Snapshot): string {
  if (outcome?.error) return outcome.error.message;
  const isAsUsual = state === "completed" || (state === "running" && decision === "stream");
  return isAsUsual ? "" : (reason ?? "");
}
