/** What the Board lists: artifacts as the server gave them, and above them those just published, of which the event is
 * known before the payload. */

import type { ArtifactBody } from "@/protocol/api";
import type { ArtifactPublished } from "@/protocol/events";
import type { Filter } from "./route";

export type Order = "newest" | "oldest";

/** What is known of an artifact without its payload. Times are in seconds since the Unix epoch. */
export interface Row {
  readonly id: string;
  readonly type: string;
  readonly producer: string;
  readonly correlationId: string;
  readonly runId: string | null;
  readonly derivedFrom: readonly string[];
  readonly tags: readonly string[];
  readonly at: number;
}

export function rowOfArtifact(artifact: ArtifactBody): Row {
  return {
    id: artifact.id,
    type: artifact.type,
    producer: artifact.produced_by,
    correlationId: artifact.correlation_id,
    runId: artifact.run_id,
    derivedFrom: artifact.derived_from,
    tags: artifact.tags,
    at: Date.parse(artifact.created_at) / 1000,
  };
}

export function rowOfPublication(event: ArtifactPublished): Row {
  return {
    id: event.artifact_id,
    type: event.artifact_type,
    producer: event.agent_name,
    correlationId: event.correlation_id,
    runId: event.run_id,
    derivedFrom: event.derived_from,
    tags: event.tags,
    at: event.timestamp,
  };
}

/** Whether an artifact is among those asked for; a text is looked for in all that is known of it. */
export function takesRow(filter: Filter, row: Row, payload: () => string): boolean {
  return (
    (filter.agents.length === 0 || filter.agents.includes(row.producer)) &&
    (filter.types.length === 0 || filter.types.includes(row.type)) &&
    (filter.correlations.length === 0 || filter.correlations.includes(row.correlationId)) &&
    (filter.text === "" || mentions(row, payload, filter.text.toLowerCase()))
  );
}

function mentions(row: Row, payload: () => string, text: string): boolean {
  const parts = [row.type, row.producer, row.id, row.correlationId, row.runId ?? "", ...row.tags];
  return parts.some((part) => part.toLowerCase().includes(text)) || payload().toLowerCase().includes(text);
}

/** Give the rows in their order: an artifact is listed once, where the server listed it, however often it was announced.
 *
 * With the oldest first, what was just published follows when the list has come to its end. */
export function boardRows(
  loaded: readonly Row[],
  published: readonly Row[],
  order: Order,
  isWhole: boolean,
): readonly Row[] {
  const seen = new Set(loaded.map(({ id }) => id));
  const fresh: Row[] = [];
  for (const row of published) {
    if (seen.has(row.id)) continue;
    seen.add(row.id);
    fresh.push(row);
  }
  if (order === "newest") return [...fresh.reverse(), ...loaded];
  return isWhole ? [...loaded, ...fresh] : loaded;
}
