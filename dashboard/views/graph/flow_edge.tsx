import type { EdgeProps } from "@xyflow/react";
import { memo, useCallback, useContext } from "react";
import type { GraphEdge } from "@/core/graph";
import { type Figures, isInUse, publishedBy } from "@/core/graph_figures";
import { awaitedTypes, shortened, waitingAt } from "@/core/graph_words";
import { visible } from "@/core/text";
import { cn } from "@/ui/classes";
import type { EdgeElement } from "./elements";
import { useFigures } from "./figures";
import { useJoins } from "./joins";
import { LitContext } from "./lit";
import { useRecent } from "./recent";

/** The way of artifacts from one node to the next: calm, in use, just used, or awaited. */
export const FlowEdge = memo(({ source, target, data }: EdgeProps<EdgeElement>) => {
  if (data === undefined) return null;
  const Drawn = data.edge.joined.length > 0 ? JoiningEdge : DirectEdge;
  return <Drawn source={source} target={target} edge={data.edge} line={data.line} />;
});
FlowEdge.displayName = "FlowEdge";

type EdgeParts = Pick<EdgeProps, "source" | "target"> & NonNullable<EdgeElement["data"]>;
type Look = "calm" | "active" | "recent" | "awaited";

/** Between a type and an agent, and from a join to its agent. */
function DirectEdge(parts: EdgeParts) {
  const { edge } = parts;
  const isActive = useFigures(useCallback((all: Figures) => isInUse(all, edge), [edge]));
  const isRecent = useRecent(useFigures(useCallback((all: Figures) => published(all, edge), [edge])));
  return <Line {...parts} look={isRecent ? "recent" : isActive ? "active" : "calm"} />;
}

/** From a type to a join. */
function JoiningEdge(parts: EdgeParts) {
  const { agent, joined, type } = parts.edge;
  const awaited = awaitedTypes(waitingAt(useJoins(), agent, joined));
  return <Line {...parts} look={type !== null && awaited.includes(type) ? "awaited" : "calm"} />;
}

function Line({ source, target, edge, line, look }: EdgeParts & { readonly look: Look }) {
  const lit = useContext(LitContext);
  const isLit = lit === null || (lit.has(source) && lit.has(target));
  const words = shortened(visible(edge.condition));
  const shown = isLit ? look : "calm";
  return (
    <g className={cn("graph-edge", `graph-edge-${shown}`)}>
      <path d={line.path} fill="none" markerEnd={`url(#graph-arrow-${shown})`} />
      {words !== "" && (
        <text x={line.label.x} y={line.label.y} textAnchor="middle" dominantBaseline="central">
          {words}
        </text>
      )}
    </g>
  );
}

function published(figures: Figures, { kind, agent, type }: GraphEdge): number {
  return kind === "publishes" && type !== null ? publishedBy(figures, agent, type) : 0;
}
