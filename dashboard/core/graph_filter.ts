/** Which nodes of the graph a filter is about; the others step back. */

import type { Graph, GraphEdge, GraphNode } from "./graph";
import { agentFigures, type Figures } from "./graph_figures";
import { grouped } from "./grouped";
import type { Filter } from "./route";

/** Give the ids of the nodes the filter takes, null where it takes all. States are asked for by `hasStates`. */
export function litNodes(graph: Graph, filter: Filter): ReadonlySet<string> | null {
  if (filter.agents.length === 0 && filter.types.length === 0 && filter.text === "") return null;
  const touching = grouped(graph.edges, (edge) => edge.agent);
  const agents = graph.nodes.flatMap((node) => (node.kind === "agent" ? [node.name] : []));
  const taken = new Set(agents.filter((agent) => takesAgent(filter, agent, touching.get(agent) ?? [])));
  const near = new Set(
    graph.edges.flatMap(({ agent, type }) => (taken.has(agent) && type !== null ? [type] : [])),
  );
  return new Set(graph.nodes.filter((node) => takesNode(filter, node, taken, near)).map(({ id }) => id));
}

/** Whether the agent has a run in one of the filter's states, true where the filter names none. */
export function hasStates(figures: Figures, agent: string, states: Filter["states"]): boolean {
  if (states.length === 0) return true;
  const counts = agentFigures(figures, agent);
  return states.some((state) => {
    if (state === "timed_out") return counts.failed > 0;
    return counts[state === "interrupted" ? "cancelled" : state] > 0;
  });
}

function takesAgent(filter: Filter, agent: string, edges: readonly GraphEdge[]): boolean {
  const types = edges.flatMap(({ type }) => (type === null ? [] : [type]));
  return (
    (filter.agents.length === 0 || filter.agents.includes(agent)) &&
    (filter.types.length === 0 || types.some((type) => filter.types.includes(type))) &&
    (filter.text === "" || [agent, ...types].some((name) => contains(name, filter.text)))
  );
}

function takesNode(
  filter: Filter,
  node: GraphNode,
  agents: ReadonlySet<string>,
  near: ReadonlySet<string>,
): boolean {
  if (node.kind === "agent") return agents.has(node.name);
  if (node.kind === "join") return agents.has(node.agent);
  if (filter.types.length > 0) return filter.types.includes(node.name);
  return near.has(node.name);
}

function contains(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase());
}
