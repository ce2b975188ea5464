/** A layout for large graphs: layer by layer as dagre does it, each layer a grid instead of one long row. */

import type { Graph } from "./graph";
import {
  type Box,
  doorOf,
  type EdgeLine,
  type Layout,
  pathThrough,
  SIZES,
  type Size,
  scaleIn,
} from "./graph_geometry";
import { grouped } from "./grouped";

const GAP = 24;
const LAYER_GAP = 120;
const ROW = Math.max(...Object.values(SIZES).map(({ height }) => height)) + GAP;
const COLUMN = Math.max(...Object.values(SIZES).map(({ width }) => width)) + GAP;

/** Lay the graph out to the right, with as many rows as suit the window. */
export function gridLayout(graph: Graph, window: Size): Layout {
  const layers = layersOf(graph);
  const rows = bestRows(layers, window);
  const sizes = new Map(graph.nodes.map(({ id, kind }) => [id, SIZES[kind]]));
  const nodes = new Map<string, Box>();
  let left = 0;
  for (const layer of layers) {
    const used = Math.min(rows, layer.length);
    const top = ((rows - used) * ROW) / 2;
    for (const [index, id] of layer.entries()) {
      const { width, height } = sizes.get(id) ?? SIZES.agent;
      const x = left + Math.floor(index / rows) * COLUMN;
      nodes.set(id, { x, y: top + (index % rows) * ROW + (ROW - height) / 2, width, height });
    }
    left += Math.ceil(layer.length / rows) * COLUMN + LAYER_GAP;
  }
  const edges = new Map(graph.edges.map(({ id, source, target }) => [id, straight(nodes, source, target)]));
  return { direction: "right", width: Math.max(left - LAYER_GAP, 0), height: rows * ROW, nodes, edges };
}

/** Give the ids of the nodes by layer: each node stands behind all it comes from, but for what closes a circle. */
export function layersOf({ nodes, edges }: Graph): readonly (readonly string[])[] {
  const sources = grouped(edges, (edge) => edge.target);
  const depth = new Map<string, number>();
  for (const { id } of nodes) settle(id, sources, depth);
  const layers = grouped(nodes, ({ id }) => depth.get(id) ?? 0);
  const ordered = [...layers].sort(([one], [other]) => one - other);
  return ordered.map(([, layer]) => layer.map(({ id }) => id));
}

/** Find how deep a node stands, without recursion: a chain may be thousands of agents long. */
function settle(
  start: string,
  sources: ReadonlyMap<string, readonly { readonly source: string }[]>,
  depth: Map<string, number>,
): void {
  const open = new Set<string>();
  const stack = [start];
  while (stack.length > 0) {
    const id = stack.at(-1) ?? start;
    const before = sources.get(id) ?? [];
    const next = open.has(id) ? [] : before.filter(({ source }) => !depth.has(source) && !open.has(source));
    open.add(id);
    if (next.length > 0 && !depth.has(id)) {
      stack.push(...next.map(({ source }) => source));
      continue;
    }
    stack.pop();
    if (depth.has(id)) continue;
    depth.set(id, Math.max(-1, ...before.map(({ source }) => depth.get(source) ?? -1)) + 1);
  }
}

/** Give the number of rows with which the graph is largest in the window. */
function bestRows(layers: readonly (readonly string[])[], window: Size): number {
  const longest = Math.max(1, ...layers.map((layer) => layer.length));
  let best = { rows: 1, scale: 0 };
  for (let rows = 1; rows <= longest; rows += 1) {
    const columns = layers.reduce((sum, layer) => sum + Math.ceil(layer.length / rows), 0);
    const width = columns * COLUMN + (layers.length - 1) * LAYER_GAP;
    const scale = scaleIn(window, { width, height: rows * ROW });
    if (scale > best.scale) best = { rows, scale };
  }
  return best.rows;
}

function straight(nodes: ReadonlyMap<string, Box>, source: string, target: string): EdgeLine {
  const [from, to] = [nodes.get(source), nodes.get(target)];
  if (from === undefined || to === undefined) return { path: "", label: { x: 0, y: 0 } };
  const start = doorOf(from, to, "right");
  const end = doorOf(to, from, "right");
  return {
    path: pathThrough([start, end], "right"),
    label: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 },
  };
}
