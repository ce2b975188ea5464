/** How many runs each agent has, and how many artifacts there are of each type, as far as the page knows. */

import type { GraphEdge } from "./graph";
import type { Run } from "./run";
import type { State } from "./state";

export interface AgentFigures {
  readonly running: number;
  /** Those of the running ones whose text grows. */
  readonly streaming: number;
  readonly queued: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

type Ended = Pick<AgentFigures, "completed" | "failed" | "cancelled">;

/** Whether what belongs to this correlation is counted. */
type Counts = (correlation: string) => boolean;

interface Publications {
  readonly byType: ReadonlyMap<string, number>;
  readonly byAgent: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** What was counted, and in what, so that the next count goes over what has changed alone. */
export interface Figures {
  readonly state: State;
  readonly live: ReadonlyMap<string, Omit<AgentFigures, keyof Ended>>;
  readonly ended: ReadonlyMap<string, Ended>;
  readonly published: Publications;
  /** The types that running runs are about to publish, by agent. */
  readonly writing: ReadonlyMap<string, ReadonlySet<string>>;
}

export const NO_FIGURES: AgentFigures = {
  running: 0,
  streaming: 0,
  queued: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
};

/** Count what the state holds, of these correlations alone where there are any; `known` is an earlier count of the same. */
export function figuresOf(state: State, correlations: readonly string[], known: Figures | null): Figures {
  const isCounted = (correlation: string) => correlations.length === 0 || correlations.includes(correlation);
  const live = [...state.live.values()].filter((run) => isCounted(run.correlationId));
  const sameEnded = known?.state.finished === state.finished;
  const samePublished = sameEnded && known.state.publications === state.publications;
  return {
    state,
    live: countLive(live),
    writing: writingOf(live),
    ended: sameEnded ? known.ended : countEnded(state.finished, isCounted),
    published: samePublished ? known.published : countArtifacts(state, isCounted),
  };
}

export function agentFigures(figures: Figures, agent: string): AgentFigures {
  return { ...NO_FIGURES, ...figures.live.get(agent), ...figures.ended.get(agent) };
}

export function artifactsOf(figures: Figures, type: string): number {
  return figures.published.byType.get(type) ?? 0;
}

/** How often this agent has published this type. */
export function publishedBy(figures: Figures, agent: string, type: string): number {
  return figures.published.byAgent.get(agent)?.get(type) ?? 0;
}

/** Whether a run of this agent is writing an artifact of this type. */
export function isWriting(figures: Figures, agent: string, type: string): boolean {
  return figures.writing.get(agent)?.has(type) ?? false;
}

/** Whether a run works on what comes along this edge, or writes what goes out along it. */
export function isInUse(figures: Figures, { kind, agent, type }: GraphEdge): boolean {
  if (kind === "publishes") return type !== null && isWriting(figures, agent, type);
  return (figures.live.get(agent)?.running ?? 0) > 0;
}

export function sameFigures(one: AgentFigures, other: AgentFigures): boolean {
  return (
    one.running === other.running &&
    one.streaming === other.streaming &&
    one.queued === other.queued &&
    one.completed === other.completed &&
    one.failed === other.failed &&
    one.cancelled === other.cancelled
  );
}

function countLive(runs: readonly Run[]): Figures["live"] {
  const counts = new Map<string, { running: number; streaming: number; queued: number }>();
  for (const run of runs) {
    const count = counts.get(run.agent) ?? { running: 0, streaming: 0, queued: 0 };
    if (run.state === "running") {
      count.running += 1;
      if (run.firstTokenAt !== null) count.streaming += 1;
    } else count.queued += 1;
    counts.set(run.agent, count);
  }
  return counts;
}

function writingOf(runs: readonly Run[]): Figures["writing"] {
  const writing = new Map<string, Set<string>>();
  for (const { state, agent, artifacts } of runs) {
    if (state !== "running") continue;
    const types = writing.get(agent) ?? new Set();
    for (const { type } of artifacts) types.add(type);
    writing.set(agent, types);
  }
  return writing;
}

function countEnded(runs: ReadonlyMap<string, Run>, isCounted: Counts): Figures["ended"] {
  const counts = new Map<string, { completed: number; failed: number; cancelled: number }>();
  for (const run of runs.values()) {
    if (!isCounted(run.correlationId)) continue;
    const count = counts.get(run.agent) ?? { completed: 0, failed: 0, cancelled: 0 };
    count[endOf(run)] += 1;
    counts.set(run.agent, count);
  }
  return counts;
}

function endOf({ state }: Run): keyof Ended {
  if (state === "completed") return "completed";
  return state === "failed" || state === "timed_out" ? "failed" : "cancelled";
}

/** Count what was seen to be published, and what completed runs made before this page was there to see it. */
function countArtifacts({ publications, finished }: State, isCounted: Counts): Publications {
  const byType = new Map<string, number>();
  const byAgent = new Map<string, Map<string, number>>();
  const known = new Set<string>();
  const count = (id: string, type: string, agent: string) => {
    if (known.has(id)) return;
    known.add(id);
    byType.set(type, (byType.get(type) ?? 0) + 1);
    const types = byAgent.get(agent) ?? new Map<string, number>();
    types.set(type, (types.get(type) ?? 0) + 1);
    byAgent.set(agent, types);
  };
  for (const { artifact_id: id, artifact_type: type, agent_name: agent, correlation_id } of publications)
    if (isCounted(correlation_id)) count(id, type, agent);
  for (const { state, agent, artifacts, correlationId } of finished.values()) {
    if (state !== "completed" || !isCounted(correlationId)) continue;
    for (const { artifact_id: id, type } of artifacts) count(id, type, agent);
  }
  return { byType, byAgent };
}
