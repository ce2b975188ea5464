/** How an event changes what is known: pure, the same for live frames and for replay. */

import type { CompactDelta, Frame, Outcome, StreamingOutputEvent, WireEvent } from "@/protocol/events";
import { Draft } from "./draft";
import { corrected } from "./outcome";
import { type Channel, type Run, withText } from "./run";
import { runFromSnapshot, runFromStart } from "./run_birth";
import { EMPTY, MAX_GAPS, METRICS_SPAN_S, NOWHERE, type State } from "./state";

/** Give the state after one event. `at` is when it arrived, in seconds by the server's clock: deltas carry no time. */
export function reduce(state: State, event: WireEvent | CompactDelta, at: number): State {
  const draft = new Draft(state);
  apply(draft, event, at);
  return draft.state;
}

/** Give the state after one frame, whose cursor becomes the place to go on from. */
export function reduceFrame(state: State, frame: Frame, at: number): State {
  const draft = new Draft(state);
  let when = at;
  for (const event of frame.events) {
    when = timeOf(event, when);
    apply(draft, event, Math.min(when, at));
  }
  draft.state.cursor = frame.cursor === NOWHERE || draft.state.isBroken ? null : frame.cursor;
  if (draft.state.cursor !== null) endListing(draft);
  return draft.state;
}

/** Deltas carry no time: where a frame tells of what is long past, they came after the event before them. */
function timeOf(event: WireEvent | CompactDelta, before: number): number {
  const isTimed =
    "type" in event && event.type !== "hello" && event.type !== "gap" && event.type !== "snapshot";
  return isTimed ? event.timestamp : before;
}

function apply(draft: Draft, event: WireEvent | CompactDelta, at: number): void {
  if (!("type" in event)) applyDelta(draft, event, at);
  else if (event.type === "streaming_output") applyOutput(draft, event);
  else applyFact(draft, event);
}

function applyFact(draft: Draft, event: Exclude<WireEvent, StreamingOutputEvent>): void {
  const { state } = draft;
  switch (event.type) {
    case "hello":
      greet(draft, event.epoch, event.cursor);
      break;
    case "gap":
      state.gaps = [...state.gaps, event].slice(-MAX_GAPS);
      state.listed ??= new Set();
      break;
    case "snapshot": {
      const known = draft.run(event.run_id);
      draft.list(event.run_id);
      draft.forget(event.run_id);
      draft.put(runFromSnapshot(event, known));
      break;
    }
    case "stream_started":
      draft.list(event.run_id);
      draft.put(runFromStart(event));
      break;
    case "metrics":
      state.metrics = [
        ...state.metrics.filter(({ timestamp }) => timestamp > event.timestamp - METRICS_SPAN_S),
        event,
      ];
      break;
    case "artifact_published":
      draft.publish(event);
      break;
    default: {
      const run = draft.run(event.run_id);
      if (run !== undefined) draft.put(changed(run, event));
    }
  }
}

type Milestone = Extract<
  WireEvent,
  {
    type:
      | "attempt_started"
      | "agent_queued"
      | "agent_activated"
      | "agent_completed"
      | "agent_failed"
      | "agent_cancelled"
      | "stream_decision";
  }
>;

function changed(run: Run, event: Milestone): Run {
  switch (event.type) {
    case "attempt_started":
      return { ...run, attempt: event.attempt, attemptReason: event.reason, fields: [], chars: 0 };
    case "agent_queued":
      return { ...run, state: "queued", reason: event.reason };
    case "agent_activated":
      return { ...run, state: "running", reason: "", activatedAt: event.timestamp };
    case "stream_decision":
      return {
        ...run,
        decision: event.decision,
        reason: event.decision === "stream" ? run.reason : event.reason,
      };
    case "agent_failed":
      return { ...run, reason: event.error.message };
    case "agent_cancelled":
      return { ...run, reason: event.reason };
    case "agent_completed":
      return run;
  }
}

function greet(draft: Draft, epoch: string, cursor: string): void {
  if (epoch !== draft.state.epoch) {
    const { metrics, gaps, misfits } = draft.state;
    draft.restart({ ...EMPTY, epoch, metrics, gaps, misfits, listed: new Set() });
  } else if (cursor !== draft.state.cursor) draft.state.listed = new Set();
  draft.state.isBroken = false;
}

/** Forget the unfinished runs that the snapshots did not list; what has ended is known in full. */
function endListing(draft: Draft): void {
  const { listed } = draft.state;
  if (listed === null) return;
  for (const runId of draft.state.live.keys()) if (!listed.has(runId)) draft.forget(runId);
  draft.state.listed = null;
}

function applyDelta(draft: Draft, [stream, place, sequence, count, text]: CompactDelta, at: number): void {
  const runId = draft.state.streams.get(stream);
  const run = runId === undefined ? undefined : draft.state.live.get(runId);
  if (run === undefined) draft.state.isBroken = true;
  else append(draft, run, channelOf(run, place), sequence, count, text, at);
}

function channelOf(run: Run, place: CompactDelta[1]): Channel {
  const [field, outputType, kind, step, artifact] =
    typeof place === "string" ? ([place, "llm_token", "text", 1, 0] as const) : place;
  const artifactId = artifact === null ? null : (run.artifacts[artifact]?.artifact_id ?? null);
  return { field, outputType, kind, step, artifactId };
}

function append(
  draft: Draft,
  run: Run,
  channel: Channel,
  sequence: number,
  count: number,
  text: string,
  at: number,
): void {
  if (sequence !== run.next) {
    draft.state.misfits += 1;
    draft.state.isBroken = true;
    return;
  }
  draft.put({
    ...run,
    fields: withText(run.fields, channel, text),
    chars: run.chars + text.length,
    next: sequence + count,
    firstTokenAt: run.firstTokenAt ?? at,
  });
}

function applyOutput(draft: Draft, event: StreamingOutputEvent): void {
  const run = draft.run(event.run_id);
  if (run === undefined) return;
  if (event.is_final) {
    if (event.outcome) draft.put(ended(run, event.outcome, event.timestamp));
    return;
  }
  const { field, output_type: outputType, kind, step, artifact_id: artifactId } = event;
  const channel = { field, outputType, kind, step, artifactId };
  append(draft, run, channel, event.sequence, event.count, event.content, event.timestamp);
}

function ended(run: Run, outcome: Outcome, at: number): Run {
  const reason = outcome.error?.message ?? (outcome.status === "completed" ? "" : run.reason);
  const { time_to_first_token_ms: untilFirstMs } = outcome;
  const measured =
    run.activatedAt === null || untilFirstMs === null ? null : run.activatedAt + untilFirstMs / 1000;
  const firstTokenAt = measured ?? run.firstTokenAt;
  return corrected({ ...run, state: outcome.status, outcome, reason, firstTokenAt, endedAt: at }, outcome);
}
