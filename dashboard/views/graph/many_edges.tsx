import { ViewportPortal } from "@xyflow/react";
import { memo, useCallback, useMemo } from "react";
import type { Graph } from "@/core/graph";
import { type Figures, isInUse } from "@/core/graph_figures";
import type { Layout } from "@/core/graph_geometry";
import { shortened } from "@/core/graph_words";
import { visible } from "@/core/text";
import { sameItems } from "@/store";
import { useFigures } from "./figures";

/** Thousands of edges: one path for all of them, and one over it for those in use. */
export const ManyEdges = memo(({ graph, layout }: { readonly graph: Graph; readonly layout: Layout }) => {
  const pathOf = useCallback((id: string) => layout.edges.get(id)?.path ?? "", [layout]);
  const all = useMemo(() => graph.edges.map(({ id }) => pathOf(id)).join(""), [graph, pathOf]);
  const used = useFigures(
    useCallback((figures: Figures) => graph.edges.filter((edge) => isInUse(figures, edge)), [graph]),
    sameItems,
  );
  return (
    <ViewportPortal>
      <svg aria-hidden className="pointer-events-none absolute -z-10 size-px overflow-visible">
        <g className="graph-edge graph-edge-calm">
          <path d={all} fill="none" />
        </g>
        <g className="graph-edge graph-edge-active">
          <path d={used.map(({ id }) => pathOf(id)).join("")} fill="none" />
          {graph.edges.map(({ id, condition }) => {
            const place = layout.edges.get(id)?.label;
            if (condition === "" || place === undefined) return null;
            return (
              <text key={id} x={place.x} y={place.y} textAnchor="middle" dominantBaseline="central">
                {shortened(visible(condition))}
              </text>
            );
          })}
        </g>
      </svg>
    </ViewportPortal>
  );
});
ManyEdges.displayName = "ManyEdges";
