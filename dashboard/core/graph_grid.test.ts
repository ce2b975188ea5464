import { expect, test } from "vitest";
import type { Graph, GraphEdge, GraphNode } from "./graph";
import { gridLayout, layersOf } from "./graph_grid";

function graph(ids: readonly string[], lines: readonly (readonly [string, string])[]): Graph {
  const nodes = ids.map((id): GraphNode => ({ kind: "agent", id, name: id }));
  const edges = lines.map(
    ([source, target]): GraphEdge => ({
      id: `${source}>${target}`,
      source,
      target,
      kind: "consumes",
      agent: target,
      type: source,
      condition: "",
      joined: [],
    }),
  );
  return { nodes, edges, key: "" };
}

test("a node stands behind all it comes from", () => {
  const layers = layersOf(
    graph(
      ["last", "first", "middle"],
      [
        ["first", "middle"],
        ["middle", "last"],
        ["first", "last"],
      ],
    ),
  );
  expect(layers).toEqual([["first"], ["middle"], ["last"]]);
});

test("a circle is laid out, too, each of its nodes once", () => {
  const layers = layersOf(
    graph(
      ["a", "b", "c"],
      [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
      ],
    ),
  );
  expect(layers.flat().toSorted()).toEqual(["a", "b", "c"]);
  expect(layers).toHaveLength(3);
});

test("a chain of ten thousand nodes needs no deep stack", () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
  const lines = ids.slice(1).map((id, index) => [ids[index] ?? "", id] as const);
  expect(layersOf(graph(ids.toReversed(), lines))).toHaveLength(10_000);
});

test("a long layer becomes a grid that suits the window, and no two nodes overlap", () => {
  const ids = Array.from({ length: 500 }, (_, index) => `n${index}`);
  const layout = gridLayout(
    graph(
      ["start", ...ids],
      ids.map((id) => ["start", id]),
    ),
    { width: 1600, height: 800 },
  );
  expect(layout.nodes.size).toBe(501);
  expect(layout.width / layout.height).toBeGreaterThan(1);
  expect(layout.width / layout.height).toBeLessThan(4);
  const boxes = [...layout.nodes.values()];
  const overlaps = boxes.filter((one) =>
    boxes.some(
      (other) =>
        one !== other &&
        one.x < other.x + other.width &&
        other.x < one.x + one.width &&
        one.y < other.y + other.height &&
        other.y < one.y + one.height,
    ),
  );
  expect(overlaps).toEqual([]);
});
