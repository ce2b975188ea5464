/** What there is to choose from: the agents, types and correlations that the page has met. */

import { isFinished, type Run } from "./run";
import type { State } from "./state";

export interface Correlation {
  readonly id: string;
  readonly runs: number;
  readonly isLive: boolean;
  readonly startedAt: number;
  /** The agent of its first run. */
  readonly agent: string;
}

function* runsOf(state: State): Iterable<Run> {
  yield* state.finished.values();
  yield* state.live.values();
}

/** Give the names, sorted, of a list and of all runs together. */
export function knownAgents(state: State, catalog: readonly { readonly name: string }[]): string[] {
  const names = new Set(catalog.map(({ name }) => name));
  for (const run of runsOf(state)) names.add(run.agent);
  return [...names].sort();
}

export function knownTypes(state: State, catalog: readonly { readonly name: string }[]): string[] {
  const names = new Set(catalog.map(({ name }) => name));
  for (const run of runsOf(state)) for (const { type } of run.artifacts) names.add(type);
  return [...names].sort();
}

/** Give the correlations of all runs, those with something live and then the latest first. */
export function knownCorrelations(state: State): Correlation[] {
  const found = new Map<string, Correlation>();
  for (const run of runsOf(state)) found.set(run.correlationId, withRun(found.get(run.correlationId), run));
  return [...found.values()].sort(
    (one, other) => Number(other.isLive) - Number(one.isLive) || other.startedAt - one.startedAt,
  );
}

function withRun(known: Correlation | undefined, run: Run): Correlation {
  const isLive = !isFinished(run);
  if (known === undefined)
    return { id: run.correlationId, runs: 1, isLive, startedAt: run.startedAt, agent: run.agent };
  const isFirst = run.startedAt < known.startedAt;
  return {
    ...known,
    runs: known.runs + 1,
    isLive: known.isLive || isLive,
    startedAt: Math.min(known.startedAt, run.startedAt),
    agent: isFirst ? run.agent : known.agent,
  };
}
