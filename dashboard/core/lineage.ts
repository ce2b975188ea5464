/** What an artifact was made from, and what was made from it. */

import type { Row } from "./board";

/** An artifact in a lineage; `row` is null where the server no longer has it. */
export interface Relative {
  readonly id: string;
  readonly row: Row | null;
  readonly depth: number;
  /** Whether it stands further up already, with all that belongs to it. */
  readonly isRepeated: boolean;
}

export interface Lineage {
  /** What it was made from, the nearest first, each followed by what that was made from. */
  readonly up: readonly Relative[];
  /** What was made from it, in the same way. */
  readonly down: readonly Relative[];
  /** Whether there is more than is listed. */
  readonly isCut: boolean;
}

/** How many relatives are listed in each direction. */
export const MAX_RELATIVES = 500;

export function lineageOf(rows: Iterable<Row>, id: string): Lineage {
  const known = new Map<string, Row>();
  for (const row of rows) if (!known.has(row.id)) known.set(row.id, row);
  const children = childrenOf(known.values());
  const up = relatives(id, known, (of) => known.get(of)?.derivedFrom ?? []);
  const down = relatives(id, known, (of) => children.get(of) ?? []);
  return { up, down, isCut: up.length === MAX_RELATIVES || down.length === MAX_RELATIVES };
}

/** Give the ids of what artifacts were made from and nothing is known of. */
export function unknownSources(rows: ReadonlyMap<string, Row>, id: string): readonly string[] {
  const up = relatives(id, rows, (of) => rows.get(of)?.derivedFrom ?? []);
  return [...new Set(up.filter(({ row }) => row === null).map((relative) => relative.id))];
}

function childrenOf(rows: Iterable<Row>): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const row of rows) {
    for (const source of row.derivedFrom) {
      const known = children.get(source);
      if (known === undefined) children.set(source, [row.id]);
      else known.push(row.id);
    }
  }
  return children;
}

/** Walk from one artifact to the next without recursion: a chain may be longer than a stack. */
function relatives(
  start: string,
  known: ReadonlyMap<string, Row>,
  next: (id: string) => readonly string[],
): readonly Relative[] {
  const found: Relative[] = [];
  const seen = new Set([start]);
  const waiting = next(start).map((id) => ({ id, depth: 0 }));
  waiting.reverse();
  while (found.length < MAX_RELATIVES) {
    const place = waiting.pop();
    if (place === undefined) break;
    const isRepeated = seen.has(place.id);
    seen.add(place.id);
    found.push({ ...place, row: known.get(place.id) ?? null, isRepeated });
    if (isRepeated) continue;
    const further = next(place.id).map((id) => ({ id, depth: place.depth + 1 }));
    waiting.push(...further.reverse());
  }
  return found;
}
