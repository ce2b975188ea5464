/** The figures of the graph, counted once for each state, however many nodes ask. */

import { createContext, type ReactNode, useCallback, useContext, useMemo } from "react";
import { type Figures, figuresOf } from "@/core/graph_figures";
import type { State } from "@/core/state";
import { useFlock } from "@/store";

type Count = (state: State) => Figures;

const CountContext = createContext<Count | null>(null);

/** Counts runs and artifacts of these correlations, of all where there are none. */
export function FiguresProvider({
  correlations,
  children,
}: {
  readonly correlations: readonly string[];
  readonly children: ReactNode;
}) {
  const count = useMemo(() => counting(correlations), [correlations]);
  return <CountContext value={count}>{children}</CountContext>;
}

/** Give what `select` makes of the figures; the component is drawn again where that is another value. */
export function useFigures<T>(
  select: (figures: Figures) => T,
  isEqual: (one: T, other: T) => boolean = Object.is,
): T {
  const count = useContext(CountContext);
  if (count === null) throw new Error("no FiguresProvider around this component");
  return useFlock(
    useCallback((state) => select(count(state)), [count, select]),
    isEqual,
  );
}

function counting(correlations: readonly string[]): Count {
  let known: Figures | null = null;
  return (state) => {
    if (known?.state !== state) known = figuresOf(state, correlations, known);
    return known;
  };
}
