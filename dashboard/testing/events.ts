/** Events for tests, with everything but what a test is about filled in. */

import type {
  CompactDelta,
  Frame,
  Gap,
  Hello,
  Metrics,
  Outcome,
  Snapshot,
  StreamingOutputEvent,
  StreamStarted,
  WireEvent,
} from "@/protocol/events";

export const EPOCH = "e1";

export function ids(run: string, timestamp = 1_000) {
  return { timestamp, run_id: run, correlation_id: `correlation-${run}`, agent_name: `agent-${run}` };
}

function constants(run: string, stream: number) {
  return {
    stream,
    artifacts: [
      { artifact_id: `${run}-first`, type: "Post" },
      { artifact_id: `${run}-second`, type: "Note" },
    ],
    inputs: ["idea"],
    engine: "test",
    model: "test/model",
    simulated: false,
    priority: "normal" as const,
  };
}

export function hello(cursor: string, epoch = EPOCH): Hello {
  const rest = { format: "compact", flush_interval_ms: 33, version: 1 } as const;
  return { type: "hello", timestamp: 1_000, epoch, cursor, ...rest };
}

export function gap(cursor: string): Gap {
  return { type: "gap", timestamp: 1_000, reason: "too_old", requested: `${EPOCH}-1`, cursor };
}

export function started(run: string, stream: number): StreamStarted {
  return { type: "stream_started", ...ids(run), ...constants(run, stream) };
}

export function activated(run: string, timestamp = 1_000): WireEvent {
  return { type: "agent_activated", ...ids(run, timestamp), inputs: ["idea"] };
}

export function attempt(run: string, number: number, reason = "the answer did not fit"): WireEvent {
  return { type: "attempt_started", ...ids(run), attempt: number, reason };
}

export function delta(
  stream: number,
  sequence: number,
  text: string,
  field = "text",
  count = 1,
): CompactDelta {
  return [stream, field, sequence, count, text];
}

export function outcome(part: Partial<Outcome> = {}): Outcome {
  return {
    status: "completed",
    error: null,
    finish_reason: "stop",
    chunks: 0,
    usage: {},
    time_to_first_token_ms: null,
    duration_ms: 1,
    fields: [],
    ...part,
  };
}

export function final(run: string, part: Partial<Outcome> = {}, timestamp = 1_009): StreamingOutputEvent {
  return {
    type: "streaming_output",
    ...ids(run, timestamp),
    output_type: "log",
    content: "",
    sequence: 0,
    is_final: true,
    attempt: 1,
    step: 1,
    field: null,
    kind: "text",
    count: 0,
    artifact_id: null,
    outcome: outcome(part),
  };
}

export function snapshot(run: string, stream: number, part: Partial<Snapshot> = {}): Snapshot {
  return {
    type: "snapshot",
    ...ids(run),
    ...constants(run, stream),
    decision: "stream",
    reason: "all streams are shown in dashboard mode",
    state: "running",
    started_at: 1_000,
    activated_at: 1_000,
    first_token_at: null,
    ended_at: null,
    attempt: 1,
    next_sequence: 0,
    fields: [],
    outcome: null,
    ...part,
  };
}

/** Text of the usual field, as a snapshot holds it. */
export function whole(run: string, text: string) {
  const place = { output_type: "llm_token", field: "text", kind: "text", step: 1 } as const;
  return { ...place, artifact_id: `${run}-first`, text };
}

export function metrics(timestamp: number): Metrics {
  return {
    type: "metrics",
    timestamp,
    active_streams: 0,
    queued_streams: 0,
    tokens_total: 0,
    tokens_per_s: 0,
    viewers: 1,
    viewer_lag_events: 0,
    journal_bytes: 0,
    journal_events: 0,
    process_memory_bytes: 0,
  };
}

export function frame(offset: number, ...events: Frame["events"]): Frame {
  return { cursor: `${EPOCH}-${offset}`, events };
}

/** A frame in the middle of snapshots: one cannot go on from it. */
export function partial(...events: Frame["events"]): Frame {
  return { cursor: "0-0", events };
}
