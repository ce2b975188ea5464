import { expect, test } from "vitest";
import type { AgentBody, SubscriptionBody } from "@/protocol/api";
import { backEdges, conditionOf, graphOf } from "./graph";

const ONE: SubscriptionBody = { types: ["Topic"], tags: [], from_agents: [], is_conditional: false };

function agent(
  name: string,
  subscriptions: readonly Partial<SubscriptionBody>[],
  publishes: readonly string[],
): AgentBody {
  const whole = subscriptions.map((part) => ({ ...ONE, ...part }));
  return {
    name,
    description: "",
    consumes: whole.flatMap(({ types }) => types),
    publishes,
    subscriptions: whole,
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

const POET = agent("poet", [{}], ["Poem"]);
const TEACHER = agent("teacher", [{ types: ["Topic", "Poem"] }], ["Lesson"]);

function lines(agents: readonly AgentBody[]): string[] {
  return graphOf(agents).edges.map(({ source, kind, target }) => `${source} > ${kind} > ${target}`);
}

test("an agent stands between what it consumes and what it publishes", () => {
  expect(lines([POET])).toEqual(["type Topic > consumes > agent poet", "agent poet > publishes > type Poem"]);
});

test("several types in one subscription meet in a join before their agent", () => {
  expect(lines([TEACHER])).toEqual([
    "type Topic > joins > join 0 teacher",
    "type Poem > joins > join 0 teacher",
    "join 0 teacher > joins > agent teacher",
    "agent teacher > publishes > type Lesson",
  ]);
});

test("a type that no agent publishes comes from outside", () => {
  const { nodes } = graphOf([POET, TEACHER]);
  const sources = nodes.flatMap((node) => (node.kind === "type" && node.isSource ? [node.name] : []));
  expect(sources).toEqual(["Topic"]);
});

test("tags, producers and conditions are told apart", () => {
  expect(conditionOf({ ...ONE, tags: ["new", "short"] })).toBe("tag new, tag short");
  expect(conditionOf({ ...ONE, from_agents: ["poet", "editor"] })).toBe("from poet or editor");
  expect(conditionOf({ ...ONE, is_conditional: true })).toBe("if a condition holds");
  expect(conditionOf(ONE)).toBe("");
});

test("two subscriptions to one type are one edge with both conditions", () => {
  const reader = agent("reader", [{ tags: ["a"] }, { from_agents: ["poet"] }], []);
  expect(graphOf([reader]).edges.map(({ condition }) => condition)).toEqual(["tag a, or from poet"]);
});

test("a condition is not said where another subscription takes all", () => {
  const reader = agent("reader", [{ tags: ["a"] }, {}], []);
  expect(graphOf([reader]).edges.map(({ condition }) => condition)).toEqual([""]);
});

test("the key is the same for graphs that look the same, and another one for others", () => {
  expect(graphOf([POET, TEACHER]).key).toBe(graphOf([{ ...POET, description: "new" }, TEACHER]).key);
  expect(graphOf([POET]).key).not.toBe(graphOf([POET, TEACHER]).key);
  expect(graphOf([POET]).key).not.toBe(graphOf([agent("poet", [{ tags: ["a"] }], ["Poem"])]).key);
});

test("an agent that publishes again what it came from leads back", () => {
  const critic = agent("critic", [{ types: ["Poem"] }], ["Topic", "Review"]);
  const outside = agent("starter", [{ types: ["Order"] }], ["Topic"]);
  const graph = graphOf([outside, POET, critic]);
  const back = graph.edges.filter(({ id }) => backEdges(graph).has(id));
  expect(back.map(({ agent: name, type }) => `${name} ${type}`)).toEqual(["critic Topic"]);
});

test("no edge leads back where there is no circle", () => {
  expect(backEdges(graphOf([POET, TEACHER]))).toEqual(new Set());
});
