/** All that the page knows of a flock, derived from events alone. Unchanged parts keep their identity. */

import type { ArtifactPublished, Gap, Metrics } from "@/protocol/events";
import type { Run } from "./run";

/** How many finished runs are kept; the oldest go first. */
export const MAX_FINISHED_RUNS = 10_000;

/** How many characters of finished runs are kept; the text of the oldest goes first, and the runs stay. */
export const MAX_FINISHED_CHARS = 32 * 2 ** 20;

/** How many publications are kept. */
export const MAX_PUBLICATIONS = 10_000;

/** How many gaps are kept. */
export const MAX_GAPS = 100;

/** How far back metrics reach. */
export const METRICS_SPAN_S = 15 * 60;

/** A cursor of no place: what a frame in the middle of snapshots has. */
export const NOWHERE = "0-0";

export interface State {
  readonly epoch: string | null;
  /** Where a connection goes on; null where it has to start over. */
  readonly cursor: string | null;
  /** Runs that wait or work, by id, in the order they came. */
  readonly live: ReadonlyMap<string, Run>;
  /** Runs that have ended, by id, the earliest first. */
  readonly finished: ReadonlyMap<string, Run>;
  readonly finishedChars: number;
  /** Ids of the runs in `live` by the number of their stream. */
  readonly streams: ReadonlyMap<number, string>;
  readonly publications: readonly ArtifactPublished[];
  readonly metrics: readonly Metrics[];
  readonly gaps: readonly Gap[];
  /** Ids of the runs that snapshots have listed so far, while they follow each other; null otherwise. */
  readonly listed: ReadonlySet<string> | null;
  /** Deltas that did not fit behind what was there. The contract says that there are none. */
  readonly misfits: number;
  /** Whether the connection has to start over without its cursor. */
  readonly isBroken: boolean;
}

export const EMPTY: State = {
  epoch: null,
  cursor: null,
  live: new Map(),
  finished: new Map(),
  finishedChars: 0,
  streams: new Map(),
  publications: [],
  metrics: [],
  gaps: [],
  listed: null,
  misfits: 0,
  isBroken: false,
};

export function runOf(state: State, runId: string): Run | undefined {
  return state.live.get(runId) ?? state.finished.get(runId);
}
