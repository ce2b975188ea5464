/** How many runs were at work at once. */

import type { Run } from "./run";

/** Give the most runs at work at once in the last `spanS` seconds in which anything was at work. */
export function mostAtOnce(runs: readonly Pick<Run, "activatedAt" | "endedAt">[], spanS: number): number {
  const spans = runs.flatMap(({ activatedAt, endedAt }) =>
    activatedAt === null ? [] : [{ from: activatedAt, to: endedAt ?? Number.POSITIVE_INFINITY }],
  );
  const latest = spans.reduce((last, { from, to }) => Math.max(last, Number.isFinite(to) ? to : from), 0);
  const recent = spans.filter(({ to }) => to > latest - spanS);
  const begins = recent.map(({ from }) => from).sort((one, other) => one - other);
  const ends = recent.map(({ to }) => to).sort((one, other) => one - other);
  let most = 0;
  let ended = 0;
  for (const [index, from] of begins.entries()) {
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= from) ended += 1;
    most = Math.max(most, index + 1 - ended);
  }
  return most;
}
