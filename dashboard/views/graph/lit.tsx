/** Which nodes the filter of the address is about. */

import { createContext, useCallback, useContext } from "react";
import { agentId } from "@/core/graph";
import { hasStates } from "@/core/graph_filter";
import { useNavigation } from "@/views/parts/route";
import { useFigures } from "./figures";

/** Ids of the nodes the filter takes, null where it takes all. */
export const LitContext = createContext<ReadonlySet<string> | null>(null);

export function useLit(id: string): boolean {
  const lit = useContext(LitContext);
  return lit === null || lit.has(id);
}

/** Whether the filter takes an agent, the states of its runs included. */
export function useLitAgent(name: string): boolean {
  const { states } = useNavigation().route.filter;
  const isTaken = useLit(agentId(name));
  const select = useCallback(
    (figures: Parameters<typeof hasStates>[0]) => hasStates(figures, name, states),
    [name, states],
  );
  return useFigures(select) && isTaken;
}
