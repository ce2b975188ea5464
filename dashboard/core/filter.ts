/** Which runs a filter takes, and in which order they are shown. */

import type { Filter } from "./route";
import { isFinished, type Run } from "./run";
import type { State } from "./state";

export function takesRun(filter: Filter, run: Run): boolean {
  return (
    (filter.agents.length === 0 || filter.agents.includes(run.agent)) &&
    (filter.types.length === 0 || run.artifacts.some(({ type }) => filter.types.includes(type))) &&
    (filter.correlations.length === 0 || filter.correlations.includes(run.correlationId)) &&
    (filter.states.length === 0 || filter.states.includes(run.state)) &&
    (filter.text === "" || mentions(run, filter.text.toLowerCase()))
  );
}

/** What was looked for last in a run, and whether it was there: what has ended is not searched in each beat. */
const searched = new WeakMap<Run, { readonly text: string; readonly found: boolean }>();

function mentions(run: Run, text: string): boolean {
  const known = searched.get(run);
  if (known?.text === text) return known.found;
  const found = isIn(run, text);
  searched.set(run, { text, found });
  return found;
}

function isIn(run: Run, text: string): boolean {
  const has = (part: string) => part.toLowerCase().includes(text);
  return (
    has(run.agent) ||
    has(run.runId) ||
    has(run.correlationId) ||
    has(run.reason) ||
    run.artifacts.some(({ type, artifact_id: id }) => has(type) || has(id)) ||
    run.fields.some((field) => has(field.text))
  );
}

/** Give the ids of the runs to show: running first, then waiting, then finished ones, the latest of them first. */
export function shownRuns(state: State, filter: Filter): string[] {
  const live = [...state.live.values()].filter((run) => takesRun(filter, run));
  const finished = [...state.finished.values()].filter((run) => takesRun(filter, run)).reverse();
  const running = live.filter((run) => run.state === "running");
  const waiting = live.filter((run) => !isFinished(run) && run.state !== "running");
  return [...running, ...waiting, ...finished].map((run) => run.runId);
}
