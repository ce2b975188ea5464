/** One run as the page knows it: what is constant, where it stands, and its text field by field. */

import type { Admission, ArtifactSlot, Outcome, StreamPriority, StreamState } from "@/protocol/events";
import { type Channel, type FieldText, fieldText, grown, isOf } from "./field_text";

export { type Channel, channelKey, type FieldText } from "./field_text";

/** Times are in seconds since the Unix epoch, by the server's clock; null where it has not come to that yet. */
export interface Run {
  readonly runId: string;
  readonly stream: number;
  readonly correlationId: string;
  readonly agent: string;
  readonly artifacts: readonly ArtifactSlot[];
  readonly inputs: readonly string[];
  readonly engine: string;
  readonly model: string | null;
  readonly simulated: boolean;
  readonly priority: StreamPriority;
  readonly state: StreamState;
  /** Why the run waits, failed or was cancelled. */
  readonly reason: string;
  readonly decision: Admission | null;
  readonly attempt: number;
  /** Why an earlier attempt was replaced, empty in the first one. */
  readonly attemptReason: string;
  /** Sequence of the next delta: how many there were, over all fields, steps and attempts. */
  readonly next: number;
  readonly fields: readonly FieldText[];
  readonly chars: number;
  /** Whether the page has let go of the text of this finished run. */
  readonly isTrimmed: boolean;
  readonly outcome: Outcome | null;
  readonly startedAt: number;
  readonly activatedAt: number | null;
  readonly firstTokenAt: number | null;
  readonly endedAt: number | null;
}

export function isFinished(run: Run): boolean {
  return run.state !== "queued" && run.state !== "running";
}

/** Give a run's fields with more text in one channel. */
export function withText(fields: readonly FieldText[], channel: Channel, text: string): readonly FieldText[] {
  const place = fields.findLastIndex((field) => isOf(field, channel));
  const known = fields[place];
  return known === undefined ? [...fields, fieldText(channel, text)] : fields.with(place, grown(known, text));
}

/** Give the seconds until the first token, null while there is none. */
export function timeToFirstToken(run: Run): number | null {
  const measured = run.outcome?.time_to_first_token_ms;
  if (measured !== undefined && measured !== null) return measured / 1000;
  if (run.firstTokenAt === null) return null;
  return Math.max(0, run.firstTokenAt - (run.activatedAt ?? run.startedAt));
}

/** Give the deltas per second since the first one; `now` in seconds by the server's clock. */
export function tokensPerSecond(run: Run, now: number): number {
  if (run.firstTokenAt === null) return 0;
  const seconds = (run.endedAt ?? now) - run.firstTokenAt;
  return run.next / Math.max(seconds, 0.25);
}
