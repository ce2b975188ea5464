import { expect, test } from "vitest";
import type { AgentBody } from "@/protocol/api";
import { consumersOf, inputsOf, typesToPublish } from "./entrances";

function agent(name: string, lists: readonly (readonly string[])[], publishes: readonly string[]): AgentBody {
  return {
    name,
    description: "",
    consumes: lists.flat(),
    publishes,
    subscriptions: lists.map((types) => ({ types, tags: [], from_agents: [], is_conditional: false })),
    engine: null,
    model: null,
    simulated: true,
    stream: true,
    parallel_streaming: true,
    stream_priority: null,
    max_concurrency: 1,
    priority: 0,
    tools: [],
  };
}

const AGENTS = [
  agent("writer", [["Idea"]], ["Post"]),
  agent("editor", [["Post"], ["Post"], ["Idea", "Post"]], ["Issue"]),
];

test("an agent consumes the types of all its subscriptions", () => {
  expect(consumersOf(AGENTS, "Post")).toEqual(["editor"]);
  expect(consumersOf(AGENTS, "Idea")).toEqual(["writer", "editor"]);
  expect(consumersOf(AGENTS, "Issue")).toEqual([]);
});

test("what comes from outside and starts agents is offered first", () => {
  const types = ["Issue", "Post", "Idea"].map((name) => ({ name, schema: null }));
  expect(typesToPublish(types, AGENTS).map(({ name }) => name)).toEqual(["Idea", "Post", "Issue"]);
});

test("an agent is run on one artifact of each type it joins, and the same list is offered once", () => {
  const [, editor] = AGENTS;
  expect(editor && inputsOf(editor)).toEqual([["Post"], ["Idea", "Post"]]);
});
