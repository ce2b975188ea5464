import { expect, test } from "vitest";
import { agentId, type Graph, type GraphEdge, type GraphNode, typeId } from "./graph";
import { litNodes } from "./graph_filter";
import { NO_FILTER } from "./route";

function edge(agent: string, kind: "consumes" | "publishes", type: string): GraphEdge {
  const [source, target] =
    kind === "consumes" ? [typeId(type), agentId(agent)] : [agentId(agent), typeId(type)];
  return { id: `${source} ${target}`, source, target, kind, agent, type, condition: "", joined: [] };
}

const GRAPH: Graph = {
  key: "",
  nodes: [
    ...["Topic", "Poem", "Facts"].map(
      (name): GraphNode => ({ kind: "type", id: typeId(name), name, isSource: name === "Topic" }),
    ),
    ...["poet", "researcher"].map((name): GraphNode => ({ kind: "agent", id: agentId(name), name })),
  ],
  edges: [
    edge("poet", "consumes", "Topic"),
    edge("poet", "publishes", "Poem"),
    edge("researcher", "consumes", "Topic"),
    edge("researcher", "publishes", "Facts"),
  ],
};

test("without a filter all nodes are lit", () => {
  expect(litNodes(GRAPH, NO_FILTER)).toBeNull();
});

test("an agent keeps its types lit", () => {
  const lit = litNodes(GRAPH, { ...NO_FILTER, agents: ["poet"] });
  expect(lit).toEqual(new Set(["type Topic", "type Poem", "agent poet"]));
});

test("a type keeps the agents lit that consume or publish it", () => {
  const lit = litNodes(GRAPH, { ...NO_FILTER, types: ["Facts"] });
  expect(lit).toEqual(new Set(["type Facts", "agent researcher"]));
});

test("text is looked for in names, whatever the case", () => {
  expect(litNodes(GRAPH, { ...NO_FILTER, text: "POEM" })).toContain("agent poet");
  expect(litNodes(GRAPH, { ...NO_FILTER, text: "nowhere" })).toEqual(new Set());
});
