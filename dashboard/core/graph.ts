/** Who waits for whom: agents, types and joins as nodes, what is consumed and published as edges. */

import type { AgentBody, SubscriptionBody } from "@/protocol/api";
import { grouped } from "./grouped";

export interface AgentNode {
  readonly kind: "agent";
  readonly id: string;
  readonly name: string;
}

export interface TypeNode {
  readonly kind: "type";
  readonly id: string;
  readonly name: string;
  /** Whether no agent publishes it: it comes from outside. */
  readonly isSource: boolean;
}

/** What waits for one artifact of each of several types before its agent runs. */
export interface JoinNode {
  readonly kind: "join";
  readonly id: string;
  readonly agent: string;
  readonly types: readonly string[];
}

export type GraphNode = AgentNode | TypeNode | JoinNode;

/** Points the way artifacts go. `type` is null between a join and its agent. */
export interface GraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly kind: "consumes" | "joins" | "publishes";
  readonly agent: string;
  readonly type: string | null;
  /** Which of the artifacts are taken, empty for all of them. */
  readonly condition: string;
  /** The types of the join it leads to, none where it leads elsewhere. */
  readonly joined: readonly string[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Equal for two graphs that look the same. */
  readonly key: string;
}

export const agentId = (name: string): string => `agent ${name}`;
export const typeId = (name: string): string => `type ${name}`;
const joinId = (agent: string, index: number): string => `join ${index} ${agent}`;

/** Give the graph of these agents; types that no agent knows are not part of it. */
export function graphOf(agents: readonly AgentBody[]): Graph {
  const published = new Set(agents.flatMap(({ publishes }) => publishes));
  const types = new Set(agents.flatMap(({ consumes, publishes }) => [...consumes, ...publishes]));
  const nodes: GraphNode[] = [...types].map((name) => ({
    kind: "type",
    id: typeId(name),
    name,
    isSource: !published.has(name),
  }));
  for (const agent of agents) nodes.push({ kind: "agent", id: agentId(agent.name), name: agent.name });
  nodes.push(...agents.flatMap(joinsOf));
  const edges = agents.flatMap((agent) => [...incoming(agent), ...outgoing(agent)]);
  const key = JSON.stringify([nodes.map(({ id }) => id), edges.map(({ id, condition }) => [id, condition])]);
  return { nodes, edges, key };
}

/** Say which of the artifacts of its types a subscription takes, empty for all of them. */
export function conditionOf({
  tags,
  from_agents: from,
  is_conditional: isConditional,
}: SubscriptionBody): string {
  const parts = tags.map((tag) => `tag ${tag}`);
  if (from.length > 0) parts.push(`from ${from.join(" or ")}`);
  if (isConditional) parts.push("if a condition holds");
  return parts.join(", ");
}

function isJoin({ types }: SubscriptionBody): boolean {
  return types.length > 1;
}

function joinsOf(agent: AgentBody): JoinNode[] {
  return agent.subscriptions.flatMap((subscription, index) =>
    isJoin(subscription)
      ? [{ kind: "join", id: joinId(agent.name, index), agent: agent.name, types: subscription.types }]
      : [],
  );
}

function incoming(agent: AgentBody): GraphEdge[] {
  const joined = agent.subscriptions.flatMap((subscription, index) =>
    isJoin(subscription) ? joinEdges(agent.name, joinId(agent.name, index), subscription) : [],
  );
  return [...joined, ...single(agent)];
}

function joinEdges(agent: string, join: string, subscription: SubscriptionBody): GraphEdge[] {
  const arrivals = subscription.types.map((type) =>
    edge({ source: typeId(type), target: join, kind: "joins", agent, type, joined: subscription.types }),
  );
  const condition = conditionOf(subscription);
  const out = edge({ source: join, target: agentId(agent), kind: "joins", agent, type: null, condition });
  return [...arrivals, out];
}

/** One edge for each type, however many subscriptions name it: their conditions are alternatives. */
function single(agent: AgentBody): GraphEdge[] {
  const conditions = new Map<string, Set<string>>();
  for (const subscription of agent.subscriptions) {
    const [type] = subscription.types;
    if (type === undefined || isJoin(subscription)) continue;
    conditions.set(type, (conditions.get(type) ?? new Set()).add(conditionOf(subscription)));
  }
  return [...conditions].map(([type, alternatives]) =>
    edge({
      source: typeId(type),
      target: agentId(agent.name),
      kind: "consumes",
      agent: agent.name,
      type,
      condition: alternatives.has("") ? "" : [...alternatives].join(", or "),
    }),
  );
}

function outgoing({ name, publishes }: AgentBody): GraphEdge[] {
  return [...new Set(publishes)].map((type) =>
    edge({
      source: agentId(name),
      target: typeId(type),
      kind: "publishes",
      agent: name,
      type,
    }),
  );
}

type EdgeParts = Omit<GraphEdge, "id" | "condition" | "joined"> &
  Partial<Pick<GraphEdge, "condition" | "joined">>;

function edge(parts: EdgeParts): GraphEdge {
  return { id: JSON.stringify([parts.source, parts.target]), condition: "", joined: [], ...parts };
}

/** Give the ids of the edges that lead back: a type published again by who works on what came of it. */
export function backEdges({ nodes, edges }: Graph): ReadonlySet<string> {
  const following = grouped(edges, ({ source }) => source);
  const sources = nodes.filter((node) => node.kind === "type" && node.isSource);
  const depth = stepsFrom(
    sources.map(({ id }) => id),
    following,
  );
  const leadsBack = ({ kind, source, target }: GraphEdge) =>
    kind === "publishes" &&
    (depth.get(target) ?? 0) < (depth.get(source) ?? 0) &&
    stepsFrom([target], following).has(source);
  return new Set(edges.filter(leadsBack).map(({ id }) => id));
}

/** Give how many edges away from the start each node is that can be reached from there. */
function stepsFrom(
  start: readonly string[],
  following: ReadonlyMap<string, readonly GraphEdge[]>,
): ReadonlyMap<string, number> {
  const steps = new Map(start.map((id) => [id, 0]));
  for (const [id, step] of steps) {
    for (const { target } of following.get(id) ?? []) if (!steps.has(target)) steps.set(target, step + 1);
  }
  return steps;
}
