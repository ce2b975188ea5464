/** The graph's figures and waits in words. */

import type { JoinBody } from "@/protocol/api";
import type { AgentFigures } from "./graph_figures";

const NOW = ["running", "queued"] as const;
const PAST = ["completed", "failed", "cancelled"] as const;

/** What an agent does now: "2 running, 1 queued", or "idle". */
export function nowWords(figures: AgentFigures): string {
  return counted(figures, NOW) || "idle";
}

/** How its runs ended: "3 completed, 1 failed", or "no run has ended". */
export function pastWords(figures: AgentFigures): string {
  return counted(figures, PAST) || "no run has ended";
}

function counted(figures: AgentFigures, words: readonly (keyof AgentFigures)[]): string {
  return words
    .filter((word) => figures[word] > 0)
    .map((word) => `${figures[word]} ${word}`)
    .join(", ");
}

export function artifactWords(count: number): string {
  return count === 1 ? "1 artifact" : `${count} artifacts`;
}

/** How many artifacts there are of a type. Of one from outside the page may have missed those before it was opened. */
export function typeWords(count: number, isSource: boolean, hasRoom: boolean): string {
  if (!isSource) return artifactWords(count);
  if (count === 0) return "from outside";
  return hasRoom ? `${artifactWords(count)} from outside` : artifactWords(count);
}

/** Join words as a list in English: "Poem, Facts and Topic". */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Give the joins that wait for this agent's subscription to these types. */
export function waitingAt(
  joins: readonly JoinBody[],
  agent: string,
  types: readonly string[],
): readonly JoinBody[] {
  return joins.filter((join) => {
    if (join.agent !== agent) return false;
    const known = [...join.arrived.map(({ type }) => type), ...join.awaited];
    return known.length === types.length && types.every((type) => known.includes(type));
  });
}

/** Give the types that at least one of these joins waits for. */
export function awaitedTypes(joins: readonly JoinBody[]): readonly string[] {
  return [...new Set(joins.flatMap(({ awaited }) => awaited))];
}

/** Say for how long, given in seconds: "12 s", "3 min", "2 h". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h`;
}

/** The longest words on an edge, in characters. */
export const MAX_LABEL_CHARS = 32;

export function shortened(words: string): string {
  return words.length > MAX_LABEL_CHARS ? `${words.slice(0, MAX_LABEL_CHARS - 1)}…` : words;
}
