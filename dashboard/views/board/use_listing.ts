/** The artifacts the server lists for a filter, page by page. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Order, type Row, rowOfArtifact } from "@/core/board";
import type { Filter } from "@/core/route";
import { useFlock } from "@/store";
import { api } from "@/transport/api";
import type { Payloads } from "./payloads";

const PAGE = 200;
/** A page while a text is looked for, which only the page itself can do. */
const SEARCHED_PAGE = 1000;

interface Listing {
  readonly rows: readonly Row[];
  readonly isLoading: boolean;
  /** Whether there is nothing more to load. */
  readonly isWhole: boolean;
  readonly error: unknown;
  readonly loadMore: () => void;
}

interface Loaded {
  readonly rows: readonly Row[];
  /** Where to go on; null at the end. */
  readonly next: string | null;
  readonly state: "loading" | "waiting" | "failed";
  readonly error: unknown;
}

const NOTHING: Loaded = { rows: [], next: null, state: "loading", error: null };

export type ListQuery = Readonly<Record<string, string | readonly string[] | null>>;

/** Give what the server is asked for: what it cannot choose by, the page does. */
export function listQuery(filter: Filter, order: Order): ListQuery {
  const [correlation] = filter.correlations;
  return {
    produced_by: filter.agents,
    type: filter.types,
    correlation_id: filter.correlations.length === 1 && correlation !== undefined ? correlation : null,
    order,
  };
}

export function useListing(filter: Filter, order: Order, payloads: Payloads, isWanted: boolean): Listing {
  const epoch = useFlock((state) => state.epoch);
  const gaps = useFlock((state) => state.gaps.length);
  const { agents, types, correlations } = filter;
  const query = useMemo(
    () => listQuery({ agents, types, correlations, states: [], text: "" }, order),
    [agents, types, correlations, order],
  );
  const isSearching = filter.text !== "" || correlations.length > 1;
  const [loaded, setLoaded] = useState(NOTHING);
  const leave = useRef(new AbortController());

  const load = useCallback(
    async (cursor: string | null, limit: number, signal: AbortSignal) => {
      setLoaded((before) => ({ ...before, state: "loading", error: null }));
      try {
        const page = await api.artifacts({ ...query, limit, cursor }, signal);
        if (signal.aborted) return;
        payloads.put(page.items);
        const rows = page.items.map(rowOfArtifact);
        setLoaded((before) => ({
          rows: [...before.rows, ...rows],
          next: page.next,
          state: "waiting",
          error: null,
        }));
      } catch (error) {
        if (!signal.aborted) setLoaded((before) => ({ ...before, state: "failed", error }));
      }
    },
    [query, payloads],
  );

  // What was missed in a gap, or is in another process, was announced to nobody: the list begins again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (!isWanted || epoch === null) return;
    const begin = new AbortController();
    leave.current = begin;
    setLoaded(NOTHING);
    void load(null, PAGE, begin.signal);
    return () => begin.abort();
  }, [load, isWanted, epoch, gaps]);

  const { rows, next, state, error } = loaded;
  const loadMore = useCallback(() => {
    if (state === "waiting" && next !== null) {
      void load(next, isSearching ? SEARCHED_PAGE : PAGE, leave.current.signal);
    }
  }, [load, next, state, isSearching]);
  useEffect(() => {
    if (isSearching) loadMore();
  }, [isSearching, loadMore]);

  const isWhole = state !== "loading" && next === null;
  return { rows, isLoading: state === "loading", isWhole, error, loadMore };
}
