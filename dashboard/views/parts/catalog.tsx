/** What there is to work with: the agents and types of the flock, as loaded from the server. */

import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import type { AgentBody, TypeBody } from "@/protocol/api";
import { useFlock } from "@/store";
import { api } from "@/transport/api";

interface Catalog {
  readonly agents: readonly AgentBody[];
  readonly types: readonly TypeBody[];
}

const NOTHING: Catalog = { agents: [], types: [] };
const CatalogContext = createContext<Catalog>(NOTHING);

/** Loads the catalog, again for each epoch: another process may hold another flock. */
export function CatalogProvider({ children }: { readonly children: ReactNode }) {
  const epoch = useFlock((state) => state.epoch);
  const [catalog, setCatalog] = useState(NOTHING);
  useEffect(() => {
    if (epoch === null) return;
    let isCurrent = true;
    Promise.all([api.agents(), api.types()]).then(
      ([agents, types]) => isCurrent && setCatalog({ agents: agents.items, types: types.items }),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [epoch]);
  return <CatalogContext value={catalog}>{children}</CatalogContext>;
}

export function useCatalog(): Catalog {
  return useContext(CatalogContext);
}
