/** Where the nodes of the graph stand, and how its edges run. Asked for only when the graph itself changes. */

import { Graph as Drawing, layout } from "@dagrejs/dagre";
import { backEdges, type Graph, type GraphEdge } from "@/core/graph";
import {
  type Box,
  type Direction,
  doorOf,
  type EdgeLine,
  type Layout,
  type Point,
  pathThrough,
  SIZES,
  type Size,
  type Sizes,
  SMALL_SCALE,
  SMALL_SIZES,
  scaleIn,
} from "@/core/graph_geometry";
import { gridLayout } from "@/core/graph_grid";
import { MAX_LABEL_CHARS } from "@/core/graph_words";

/** Beyond this many nodes and edges dagre takes too long, and the graph is laid out as a grid of layers. */
export const MAX_ELEMENTS = 250;

const LABEL_HEIGHT = 20;
const LABEL_CHAR_WIDTH = 6.5;

/** Lay the graph out so that it is largest in a window of this size; with small nodes where it is small even so. */
export function layoutOf(graph: Graph, window: Size): Layout {
  if (graph.nodes.length + graph.edges.length > MAX_ELEMENTS) return gridLayout(graph, window);
  const back = backEdges(graph);
  const best = larger(window, drawn(graph, back, "right", SIZES), drawn(graph, back, "down", SIZES));
  if (scaleIn(window, best) >= SMALL_SCALE) return best;
  return larger(window, drawn(graph, back, "right", SMALL_SIZES), drawn(graph, back, "down", SMALL_SIZES));
}

/** Give the layout that is drawn larger, the first one where both fit as they are. */
function larger(window: Size, one: Layout, other: Layout): Layout {
  return Math.min(1, scaleIn(window, other)) > scaleIn(window, one) ? other : one;
}

/** Edges that lead back are drawn by dagre the other way round, so that what they come from stays behind. */
function drawn(graph: Graph, back: ReadonlySet<string>, direction: Direction, sizes: Sizes): Layout {
  const drawing = new Drawing({ multigraph: true });
  const rankdir = direction === "right" ? "LR" : "TB";
  drawing.setGraph({ rankdir, nodesep: 20, ranksep: 56, edgesep: 14 });
  for (const { id, kind } of graph.nodes) drawing.setNode(id, { ...sizes[kind] });
  for (const edge of graph.edges) {
    const [from, to] = back.has(edge.id) ? [edge.target, edge.source] : [edge.source, edge.target];
    drawing.setEdge(from, to, labelSize(edge), edge.id);
  }
  layout(drawing);
  const nodes = new Map(graph.nodes.map(({ id }) => [id, boxOf(drawing.node(id))]));
  const edges = new Map(
    graph.edges.map((edge) => {
      const isBack = back.has(edge.id);
      const [from, to] = isBack ? [edge.target, edge.source] : [edge.source, edge.target];
      const line: DrawnLine = drawing.edge(from, to, edge.id);
      return [
        edge.id,
        lineOf(edge, isBack ? line.points?.toReversed() : line.points, line, nodes, direction),
      ];
    }),
  );
  const { width = 0, height = 0 } = drawing.graph();
  return { direction, width, height, nodes, edges };
}

/** What dagre says of an edge; the place is that of its label. */
interface DrawnLine extends Partial<Point> {
  readonly points?: readonly Point[];
}

function labelSize({ condition }: GraphEdge): Partial<Size> & { labelpos?: "c" } {
  if (condition === "") return {};
  const chars = Math.min(condition.length, MAX_LABEL_CHARS);
  return { width: chars * LABEL_CHAR_WIDTH + 12, height: LABEL_HEIGHT, labelpos: "c" };
}

/** dagre speaks of middles, the page of corners. */
function boxOf({ x, y, width, height }: Box): Box {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** Lead an edge from door to door through the points that dagre keeps free for it. */
function lineOf(
  { source, target }: GraphEdge,
  points: readonly Point[] | undefined,
  label: Partial<Point>,
  nodes: ReadonlyMap<string, Box>,
  direction: Direction,
): EdgeLine {
  const [from, to] = [nodes.get(source), nodes.get(target)];
  if (from === undefined || to === undefined) return { path: "", label: { x: 0, y: 0 } };
  const inner = points?.slice(1, -1) ?? [];
  const start = doorOf(from, inner[0] ?? to, direction);
  const end = doorOf(to, inner.at(-1) ?? from, direction);
  const middle = inner[Math.floor(inner.length / 2)] ?? start;
  return {
    path: pathThrough([start, ...inner, end], direction),
    label: { x: label.x ?? middle.x, y: label.y ?? middle.y },
  };
}
