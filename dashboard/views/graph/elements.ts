/** The graph and its layout as what @xyflow/react draws. */

import type { Edge, Node } from "@xyflow/react";
import type { AgentNode, Graph, GraphEdge, JoinNode, TypeNode } from "@/core/graph";
import type { EdgeLine, Layout } from "@/core/graph_geometry";
import { visible } from "@/core/text";

export type AgentElement = Node<{ node: AgentNode }, "agent">;
export type TypeElement = Node<{ node: TypeNode }, "type">;
export type JoinElement = Node<{ node: JoinNode }, "join">;
export type NodeElement = AgentElement | TypeElement | JoinElement;
export type EdgeElement = Edge<{ edge: GraphEdge; line: EdgeLine }, "flow">;

export function nodeElements(graph: Graph, layout: Layout): NodeElement[] {
  return graph.nodes.flatMap((node): NodeElement[] => {
    const box = layout.nodes.get(node.id);
    if (box === undefined) return [];
    const { x, y, width, height } = box;
    const place = { id: node.id, position: { x, y }, width, height };
    if (node.kind === "agent") return [{ ...place, type: "agent", data: { node } }];
    if (node.kind === "type") return [{ ...place, type: "type", data: { node } }];
    return [{ ...place, type: "join", data: { node } }];
  });
}

export function edgeElements(graph: Graph, layout: Layout): EdgeElement[] {
  return graph.edges.flatMap((edge): EdgeElement[] => {
    const line = layout.edges.get(edge.id);
    if (line === undefined) return [];
    const { id, source, target } = edge;
    return [{ id, source, target, type: "flow", data: { edge, line }, ariaLabel: edgeLabel(edge) }];
  });
}

function edgeLabel({ kind, agent, type, condition }: GraphEdge): string {
  const suffix = condition === "" ? "" : `: ${condition}`;
  const verbs = { consumes: "consumes", joins: "waits for", publishes: "publishes" };
  return visible(`${agent} ${verbs[kind]} ${type ?? "all of the join"}${suffix}`);
}
