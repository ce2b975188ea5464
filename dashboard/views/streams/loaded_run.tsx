/** Runs whose text the page does not have: loaded from the server into a store of their own, for one pane alone. */

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { reduce } from "@/core/reduce";
import { EMPTY, runOf, type State } from "@/core/state";
import { Store, StoreContext } from "@/store";
import { ApiError, api } from "@/transport/api";

const LoadText = createContext<(() => Promise<void>) | null>(null);

/** Give what loads the text of the run around; null where there is nothing to load. */
export function useLoadText(): (() => Promise<void>) | null {
  return useContext(LoadText);
}

/** Read a run's events from the server, and give what becomes of them; rejects where there are none. */
export async function loadRun(runId: string): Promise<State> {
  let state = EMPTY;
  let cursor: string | null = null;
  do {
    const page = await api.runEvents(runId, cursor);
    for (const event of page.items) {
      state = reduce(state, event, "timestamp" in event ? event.timestamp : 0);
    }
    cursor = page.next;
  } while (cursor !== null);
  if (runOf(state, runId) === undefined)
    throw new ApiError(404, "", "The server no longer has the events of this run.", null, []);
  return state;
}

/** Around a pane: what is inside sees the run as it was loaded, once somebody asked for it. */
export function Loadable({ runId, children }: { readonly runId: string; readonly children: ReactNode }) {
  const [loaded, setLoaded] = useState<Store | null>(null);
  const load = useMemo(() => async () => setLoaded(storeOf(await loadRun(runId))), [runId]);
  if (loaded !== null) return <StoreContext value={loaded}>{children}</StoreContext>;
  return <LoadText value={load}>{children}</LoadText>;
}

export function storeOf(state: State): Store {
  const store = new Store();
  store.showReplay(state);
  return store;
}
