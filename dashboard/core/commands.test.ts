import { expect, test } from "vitest";
import { commandGroups, type World } from "./commands";
import { mayDo } from "./permissions";
import { HOME, NO_FILTER } from "./route";
import type { Run } from "./run";
import { runFromStart } from "./run_birth";

const RUN: Run = {
  ...runFromStart({
    type: "stream_started",
    timestamp: 1,
    correlation_id: "c1",
    agent_name: "writer",
    run_id: "r1",
    stream: 1,
    artifacts: [{ artifact_id: "a1", type: "Post" }],
    inputs: [],
    engine: "demo",
    model: null,
    simulated: true,
    priority: "normal",
  }),
  state: "running",
};

const WORLD: World = {
  route: HOME,
  titles: { streams: "Streams", graph: "Graph", board: "Board", timeline: "Timeline", metrics: "Metrics" },
  openRun: null,
  runs: [],
  agents: Array.from({ length: 1000 }, (_, number) => `agent_${number}`),
  types: ["Idea", "Post"],
  correlations: [{ id: "c1", runs: 2, isLive: true, startedAt: 1, agent: "writer" }],
  may: () => true,
  isFrozen: false,
  canSignOut: false,
};

function ids(world: World, query: string): string[] {
  return commandGroups(world, query).flatMap(({ commands }) => commands.map(({ id }) => id));
}

test("without a query there are the views and the actions, and not a thousand agents", () => {
  expect(commandGroups(WORLD, "").map(({ title }) => title)).toEqual(["Views", "Actions"]);
});

test("an agent of a thousand is found to run and to look at", () => {
  expect(ids(WORLD, "agent_777")).toEqual(["run agent_777", "agent agent_777"]);
});

test("a group says how many it leaves out", () => {
  const [found] = commandGroups(WORLD, "agent_");
  expect(found?.commands).toHaveLength(6);
  expect(found?.more).toBe(994);
});

test("an open run that works can be cancelled, not retried", () => {
  const found = ids({ ...WORLD, openRun: RUN }, "");
  expect(found).toContain("cancel run");
  expect(found).not.toContain("retry run");
});

test("an open run that has ended can be retried, not cancelled", () => {
  const found = ids({ ...WORLD, openRun: { ...RUN, state: "failed" } }, "");
  expect(found).toContain("retry run");
  expect(found).not.toContain("cancel run");
});

test("a correlation of which nothing goes on cannot be cancelled", () => {
  const correlations = WORLD.correlations.map((correlation) => ({ ...correlation, isLive: false }));
  expect(ids({ ...WORLD, openRun: RUN }, "")).toContain("cancel correlation");
  expect(ids({ ...WORLD, openRun: RUN, correlations }, "")).not.toContain("cancel correlation");
});

test("what a token may not do is not offered", () => {
  const world = { ...WORLD, openRun: RUN, may: (deed: Parameters<typeof mayDo>[1]) => mayDo(["read"], deed) };
  const found = [...ids(world, ""), ...ids(world, "Post")];
  for (const id of ["publish", "run", "cancel run", "cancel correlation", "publish Post"])
    expect(found).not.toContain(id);
  expect(found).toContain("type Post");
});

test("a type leads to what is of it, and to publishing another", () => {
  expect(ids(WORLD, "Idea")).toEqual(["publish Idea", "type Idea"]);
});

test("the density of panes can be chosen by name", () => {
  expect(ids(WORLD, "panes")).toContain("density auto");
  expect(ids(WORLD, "density")).toContain("density 100");
  expect(ids(WORLD, "")).not.toContain("density auto");
});

test("a correlation shows its runs alone", () => {
  const found = commandGroups(WORLD, "c1").find(({ title }) => title === "Show only a correlation");
  expect(found?.commands[0]?.intent).toEqual({
    kind: "go",
    change: { run: null, filter: { ...NO_FILTER, correlations: ["c1"] } },
  });
});

test("a run opens in the Streams view", () => {
  const found = commandGroups({ ...WORLD, runs: [RUN] }, "writer").find(({ title }) => title === "Runs");
  expect(found?.commands[0]).toMatchObject({
    name: "writer",
    detail: "Post · running · r1",
    intent: { kind: "go", change: { view: "streams", run: "r1" } },
  });
});
