import { expect, test } from "vitest";
import type { Graph, GraphEdge, GraphNode } from "@/core/graph";
import { layoutOf } from "./layout";

const DESKTOP = { width: 1400, height: 800 };

/** A chain of agents with a type between each two. */
function chain(length: number): Graph {
  const nodes: GraphNode[] = [{ kind: "type", id: "t0", name: "t0", isSource: true }];
  const edges: GraphEdge[] = [];
  for (let index = 1; index <= length; index += 1) {
    nodes.push({ kind: "agent", id: `a${index}`, name: `a${index}` });
    nodes.push({ kind: "type", id: `t${index}`, name: `t${index}`, isSource: false });
    const common = { agent: `a${index}`, condition: "", joined: [] };
    edges.push({
      ...common,
      id: `in${index}`,
      source: `t${index - 1}`,
      target: `a${index}`,
      kind: "consumes",
      type: `t${index - 1}`,
    });
    edges.push({
      ...common,
      id: `out${index}`,
      source: `a${index}`,
      target: `t${index}`,
      kind: "publishes",
      type: `t${index}`,
    });
  }
  return { nodes, edges, key: "" };
}

test("a graph grows to where the window has room for it", () => {
  expect(layoutOf(chain(2), DESKTOP).direction).toBe("right");
  expect(layoutOf(chain(2), { width: 390, height: 700 }).direction).toBe("down");
});

test("every node has its place and every edge its line", () => {
  const graph = chain(5);
  const layout = layoutOf(graph, DESKTOP);
  expect([...layout.nodes.keys()]).toEqual(graph.nodes.map(({ id }) => id));
  expect(graph.edges.map(({ id }) => layout.edges.get(id)?.path.startsWith("M"))).toEqual(
    graph.edges.map(() => true),
  );
});

test("what follows stands behind what it follows, also where the last agent leads back to the first type", () => {
  const graph = chain(3);
  const back: GraphEdge = {
    id: "back",
    source: "a3",
    target: "t1",
    kind: "publishes",
    agent: "a3",
    type: "t1",
    condition: "",
    joined: [],
  };
  const layout = layoutOf({ ...graph, edges: [...graph.edges, back] }, { width: 3000, height: 400 });
  const left = ["t0", "a1", "t1", "a2", "t2", "a3", "t3"].map((id) => layout.nodes.get(id)?.x ?? Number.NaN);
  expect(left).toEqual(left.toSorted((one, other) => one - other));
});

test("a graph that is small in its window anyway has small nodes, and so is drawn larger", () => {
  const many = layoutOf(chain(12), DESKTOP);
  expect(many.nodes.get("a1")?.width).toBeLessThan(layoutOf(chain(2), DESKTOP).nodes.get("a1")?.width ?? 0);
});

test("a large graph is laid out all the same", () => {
  const graph = chain(400);
  const layout = layoutOf(graph, DESKTOP);
  expect(layout.nodes.size).toBe(graph.nodes.length);
  expect(layout.edges.size).toBe(graph.edges.length);
});
