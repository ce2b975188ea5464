/** Where a person may begin: what to publish first, and whom that starts. */

import type { AgentBody, TypeBody } from "@/protocol/api";

/** Give the names of the agents that consume a type. */
export function consumersOf(agents: readonly AgentBody[], type: string): readonly string[] {
  return agents.filter((agent) => agent.consumes.includes(type)).map((agent) => agent.name);
}

/** Give the types in the order of use: what starts agents and comes from none, what starts agents, the rest. */
export function typesToPublish(
  types: readonly TypeBody[],
  agents: readonly AgentBody[],
): readonly TypeBody[] {
  const rank = ({ name }: TypeBody) => {
    if (consumersOf(agents, name).length === 0) return 2;
    return agents.some((agent) => agent.publishes.includes(name)) ? 1 : 0;
  };
  return types.toSorted((one, other) => rank(one) - rank(other));
}

/** Give the lists of types an agent can be run on: one artifact of each, one list per subscription. */
export function inputsOf(agent: AgentBody): readonly (readonly string[])[] {
  const lists = agent.subscriptions.map(({ types }) => types).filter((types) => types.length > 0);
  const seen = new Set<string>();
  return lists.filter((types) => {
    const key = JSON.stringify(types);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
