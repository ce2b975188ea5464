/** A correlation as it was: recorded events, and the state at any moment of them. Pure but for what it remembers. */

import type { Snapshot, Status, WireEvent } from "@/protocol/events";
import { reduceFrame } from "./reduce";
import { NOWHERE, type State } from "./state";

/** How many events lie between two states that are kept: what a jump back folds at the most. */
export const CHECKPOINT_EVERY = 500;

/** When a run began or ended; `status` is null where it began. */
export interface Mark {
  readonly at: number;
  readonly runId: string;
  readonly agent: string;
  readonly status: Status | null;
}

interface Moment {
  readonly at: number;
  readonly event: WireEvent;
}

/** Give the events in the order of their moments. A moment never lies before that of an earlier event, except that
 * a snapshot of a run not met before stands for that run's past as well. */
export function momentsOf(events: readonly WireEvent[]): Moment[] {
  const met = new Set<string>();
  const moments: Moment[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    if (event.type === "gap") continue;
    if (event.type === "snapshot" && !met.has(event.run_id)) moments.push(...unrolled(event));
    else {
      last = Math.max(last, event.timestamp);
      moments.push({ at: last, event });
    }
    if ("run_id" in event && event.run_id !== null) met.add(event.run_id);
  }
  return moments.sort((one, other) => one.at - other.at);
}

/** Give what a snapshot tells of the time before it: the run's start, when it began to work, and what became of it. */
function unrolled(event: Snapshot): Moment[] {
  const { correlation_id, agent_name, run_id, inputs } = event;
  const whose = { correlation_id, agent_name, run_id, inputs };
  const { stream, artifacts, engine, model, simulated, priority } = event;
  const start = { ...whose, stream, artifacts, engine, model, simulated, priority };
  const begin = event.started_at;
  const past: Moment[] = [{ at: begin, event: { ...start, type: "stream_started", timestamp: begin } }];
  if (event.activated_at !== null) {
    const at = event.activated_at;
    past.push({ at, event: { ...whose, type: "agent_activated", timestamp: at } });
  }
  return [...past, { at: event.ended_at ?? event.timestamp, event }];
}

/** Folds events to the state at any moment, from the nearest state it remembers. */
export class Replay {
  private readonly base: State;
  private readonly every: number;
  private readonly recorded: WireEvent[] = [];
  private moments: Moment[] = [];
  /** The state after each `every` events, as far as it has got. */
  private checkpoints: State[];
  private last: { readonly count: number; readonly state: State };
  /** Of how many runs the journal no longer held all: their text comes whole, with a snapshot. */
  lost = 0;

  constructor(base: State, every: number = CHECKPOINT_EVERY) {
    this.base = base;
    this.every = every;
    this.checkpoints = [base];
    this.last = { count: 0, state: base };
  }

  get size(): number {
    return this.recorded.length;
  }

  /** The first and the last moment, null while there is none. */
  get span(): { readonly begin: number; readonly end: number } | null {
    const begin = this.moments[0];
    const end = this.moments.at(-1);
    return begin === undefined || end === undefined ? null : { begin: begin.at, end: end.at };
  }

  /** Go on with the events that followed. */
  add(events: readonly WireEvent[]): void {
    for (const event of events) this.recorded.push(event);
    const wasAt = this.moments.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    if (events.some(({ type }) => type === "gap" || type === "snapshot")) this.startOver();
    else for (const { at, event } of momentsOf(events)) this.moments.push({ at: Math.max(at, wasAt), event });
  }

  /** Give the state at a moment, in seconds by the server's clock: all that had happened by then. */
  at(moment: number): State {
    return this.after(this.countAt(moment));
  }

  marks(): Mark[] {
    return this.moments.flatMap(({ at, event }): Mark[] => {
      if (event.type !== "stream_started" && event.type !== "streaming_output" && event.type !== "snapshot")
        return [];
      const whose = { at, runId: event.run_id, agent: event.agent_name };
      if (event.type === "stream_started") return [{ ...whose, status: null }];
      return event.outcome ? [{ ...whose, status: event.outcome.status }] : [];
    });
  }

  private startOver(): void {
    this.moments = momentsOf(this.recorded);
    this.checkpoints = [this.base];
    this.last = { count: 0, state: this.base };
    this.lost = lostRuns(this.recorded).size;
  }

  private countAt(moment: number): number {
    let low = 0;
    let high = this.moments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.moments[middle]?.at ?? 0) <= moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private after(count: number): State {
    let { count: place, state } = this.nearest(count);
    while (place < count) {
      const next = Math.min(count, (Math.floor(place / this.every) + 1) * this.every);
      const events = this.moments.slice(place, next).map(({ event }) => event);
      state = { ...reduceFrame(state, { cursor: NOWHERE, events }, 0), cursor: this.base.cursor };
      place = next;
      if (place === this.checkpoints.length * this.every) this.checkpoints.push(state);
    }
    this.last = { count, state };
    return state;
  }

  private nearest(count: number): { readonly count: number; readonly state: State } {
    const index = Math.min(Math.floor(count / this.every), this.checkpoints.length - 1);
    const place = index * this.every;
    if (this.last.count <= count && this.last.count >= place) return this.last;
    return { count: place, state: this.checkpoints[index] ?? this.base };
  }
}

function lostRuns(events: readonly WireEvent[]): Set<string> {
  return new Set(events.flatMap((event) => (event.type === "snapshot" ? [event.run_id] : [])));
}

/** Give for each of `count` equal parts of the time what happened in it, as marks on a scrubber. */
export function markedParts(
  marks: readonly Mark[],
  span: { readonly begin: number; readonly end: number },
  count: number,
): { readonly place: number; readonly starts: number; readonly ends: number; readonly failures: number }[] {
  const parts = new Map<number, { starts: number; ends: number; failures: number }>();
  const length = Math.max(span.end - span.begin, 0.001);
  for (const { at, status } of marks) {
    const index = Math.round(((at - span.begin) / length) * count);
    const part = parts.get(index) ?? { starts: 0, ends: 0, failures: 0 };
    if (status === null) part.starts += 1;
    else if (status === "completed") part.ends += 1;
    else part.failures += 1;
    parts.set(index, part);
  }
  return [...parts].map(([index, part]) => ({ place: index / count, ...part }));
}
