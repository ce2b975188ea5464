/** How many runs there are of each kind, as the page's head tells them. */

import type { State } from "./state";

export interface Counts {
  readonly running: number;
  readonly waiting: number;
  readonly finished: number;
  readonly tokensPerS: number;
}

export function countsOf(state: State): Counts {
  let running = 0;
  for (const run of state.live.values()) if (run.state === "running") running += 1;
  return {
    running,
    waiting: state.live.size - running,
    finished: state.finished.size,
    tokensPerS: Math.round(state.metrics.at(-1)?.tokens_per_s ?? 0),
  };
}

export function sameCounts(one: Counts, other: Counts): boolean {
  return (
    one.running === other.running &&
    one.waiting === other.waiting &&
    one.finished === other.finished &&
    one.tokensPerS === other.tokensPerS
  );
}

/** Give the title of the window: a tab in the background says how much is running. */
export function windowTitle({ running, waiting }: Counts): string {
  if (running + waiting === 0) return "flock";
  return waiting === 0 ? `(${running}) flock` : `(${running}+${waiting}) flock`;
}
