import { useCallback, useEffect, useMemo, useState } from "react";
import { type Row, rowOfArtifact, rowOfPublication } from "@/core/board";
import { type Lineage, lineageOf, unknownSources } from "@/core/lineage";
import { sameItems, useFlock } from "@/store";
import { api } from "@/transport/api";

const PAGE = 1000;
const MAX_PAGES = 5;

/** How many sources of other correlations are asked for. */
const MAX_SOURCES = 50;

/** Give an artifact's lineage: what its correlation has published so far, and its sources wherever they are; null while it is loaded. */
export function useLineage(id: string, correlationId: string): Lineage | null {
  const [loaded, setLoaded] = useState<readonly Row[] | null>(null);
  const published = useFlock(
    useCallback(
      (state) => state.publications.filter((event) => event.correlation_id === correlationId),
      [correlationId],
    ),
    sameItems,
  );
  useEffect(() => {
    const leave = new AbortController();
    setLoaded(null);
    void loadRows(id, correlationId, leave.signal).then(
      (rows) => leave.signal.aborted || setLoaded(rows),
      () => leave.signal.aborted || setLoaded([]),
    );
    return () => leave.abort();
  }, [id, correlationId]);
  return useMemo(
    () => loaded && lineageOf([...loaded, ...published.map(rowOfPublication)], id),
    [loaded, published, id],
  );
}

async function loadRows(id: string, correlationId: string, signal: AbortSignal): Promise<readonly Row[]> {
  const rows = new Map<string, Row>();
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, next }: Awaited<ReturnType<typeof api.artifacts>> = await api.artifacts(
      { correlation_id: correlationId, limit: PAGE, cursor },
      signal,
    );
    for (const artifact of items) rows.set(artifact.id, rowOfArtifact(artifact));
    cursor = next;
    if (cursor === null) break;
  }
  const tried = new Set<string>();
  for (;;) {
    const source = unknownSources(rows, id).find((unknown) => !tried.has(unknown));
    if (source === undefined || tried.size >= MAX_SOURCES || signal.aborted) break;
    tried.add(source);
    const artifact = await api.artifact(source).catch(() => null);
    if (artifact !== null) rows.set(artifact.id, rowOfArtifact(artifact));
  }
  return [...rows.values()];
}
