import { expect, test } from "vitest";
import type { StreamState } from "@/protocol/events";
import { agentFigures, artifactsOf, figuresOf, isWriting, publishedBy, sameFigures } from "./graph_figures";
import { reduce } from "./reduce";
import { runFromStart } from "./run_birth";
import { EMPTY, type State } from "./state";

function stateWith(runs: readonly (readonly [id: string, agent: string, state: StreamState])[]): State {
  const made = runs.map(([runId, agent, state], stream) => {
    const started = runFromStart({
      type: "stream_started",
      timestamp: 1,
      correlation_id: runId === "other" ? "d" : "c",
      agent_name: agent,
      run_id: runId,
      stream,
      artifacts: [{ artifact_id: `${runId}-poem`, type: "Poem" }],
      inputs: ["topic"],
      engine: "demo",
      model: null,
      simulated: true,
      priority: "normal",
    });
    return { ...started, state };
  });
  const isLive = ({ state }: { state: StreamState }) => state === "queued" || state === "running";
  return {
    ...EMPTY,
    live: new Map(made.filter(isLive).map((run) => [run.runId, run])),
    finished: new Map(made.filter((run) => !isLive(run)).map((run) => [run.runId, run])),
  };
}

function publish(state: State, id: string, type: string): State {
  const event = {
    type: "artifact_published",
    timestamp: 2,
    artifact_id: id,
    artifact_type: type,
    agent_name: "poet",
    correlation_id: "c",
    run_id: null,
    derived_from: [],
    tags: [],
  } as const;
  return reduce(state, event, 2);
}

test("runs are counted by agent and by how they stand", () => {
  const state = stateWith([
    ["1", "poet", "running"],
    ["2", "poet", "queued"],
    ["3", "poet", "completed"],
    ["4", "poet", "failed"],
    ["5", "poet", "timed_out"],
    ["6", "poet", "cancelled"],
    ["7", "critic", "interrupted"],
  ]);
  const figures = figuresOf(state, [], null);
  expect(agentFigures(figures, "poet")).toEqual({
    running: 1,
    streaming: 0,
    queued: 1,
    completed: 1,
    failed: 2,
    cancelled: 1,
  });
  expect(agentFigures(figures, "critic").cancelled).toBe(1);
  expect(agentFigures(figures, "nobody").running).toBe(0);
});

test("a run whose text grows is streaming, and writes what it is going to publish", () => {
  const state = reduce(stateWith([["1", "poet", "running"]]), [0, "text", 0, 1, "O"], 5);
  const started = { ...state, streams: new Map([[0, "1"]]) };
  const figures = figuresOf(reduce(started, [0, "text", 0, 1, "O"], 5), [], null);
  expect(agentFigures(figures, "poet").streaming).toBe(1);
  expect(isWriting(figures, "poet", "Poem")).toBe(true);
  expect(isWriting(figures, "poet", "Topic")).toBe(false);
});

test("only runs of the chosen correlations are counted", () => {
  const state = stateWith([
    ["1", "poet", "completed"],
    ["other", "poet", "completed"],
  ]);
  expect(agentFigures(figuresOf(state, ["d"], null), "poet").completed).toBe(1);
});

test("an artifact that is announced again is one artifact", () => {
  const state = publish(publish(publish(EMPTY, "a", "Topic"), "b", "Topic"), "a", "Topic");
  const figures = figuresOf(state, [], null);
  expect(artifactsOf(figures, "Topic")).toBe(2);
  expect(publishedBy(figures, "poet", "Topic")).toBe(2);
});

test("what completed runs made is known, too, where its publication was before this page", () => {
  const state = publish(stateWith([["1", "poet", "completed"]]), "1-poem", "Poem");
  expect(artifactsOf(figuresOf(state, [], null), "Poem")).toBe(1);
  expect(artifactsOf(figuresOf(stateWith([["1", "poet", "completed"]]), [], null), "Poem")).toBe(1);
  expect(artifactsOf(figuresOf(stateWith([["1", "poet", "failed"]]), [], null), "Poem")).toBe(0);
});

test("what has not changed is not counted again", () => {
  const state = stateWith([["1", "poet", "completed"]]);
  const first = figuresOf(state, [], null);
  const second = figuresOf({ ...state, live: new Map() }, [], first);
  expect(second.ended).toBe(first.ended);
  expect(second.published).toBe(first.published);
});

test("equal figures are told from others", () => {
  const figures = agentFigures(figuresOf(stateWith([["1", "poet", "running"]]), [], null), "poet");
  expect(sameFigures(figures, { ...figures })).toBe(true);
  for (const name of Object.keys(figures))
    expect(sameFigures(figures, { ...figures, [name]: 9 })).toBe(false);
});
