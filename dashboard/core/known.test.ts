import { expect, test } from "vitest";
import type { WireEvent } from "@/protocol/events";
import { knownAgents, knownCorrelations, knownTypes } from "./known";
import { reduce } from "./reduce";
import { EMPTY, type State } from "./state";

function started(stream: number, agent: string, correlation: string, type: string): WireEvent {
  return {
    type: "stream_started",
    timestamp: stream,
    correlation_id: correlation,
    agent_name: agent,
    run_id: `r${stream}`,
    stream,
    artifacts: [{ artifact_id: `a${stream}`, type }],
    inputs: [],
    engine: "demo",
    model: null,
    simulated: true,
    priority: "normal",
  };
}

function ended(state: State, stream: number): State {
  const { correlation_id, agent_name } = { correlation_id: "first", agent_name: "writer" };
  const outcome = {
    status: "completed",
    error: null,
    finish_reason: null,
    chunks: 0,
    usage: {},
    time_to_first_token_ms: null,
    duration_ms: 1,
    fields: [],
  } as const;
  return reduce(
    state,
    {
      type: "streaming_output",
      timestamp: 9,
      correlation_id,
      agent_name,
      run_id: `r${stream}`,
      output_type: "llm_token",
      content: "",
      sequence: 0,
      is_final: true,
      attempt: 1,
      step: 1,
      field: null,
      kind: "text",
      count: 0,
      artifact_id: null,
      outcome,
    },
    9,
  );
}

const THREE = [
  started(1, "writer", "first", "Post"),
  started(2, "editor", "second", "Review"),
  started(3, "writer", "second", "Post"),
].reduce((state, event) => reduce(state, event, 1), EMPTY);

test("agents and types of runs are known beside those of the catalog, each once", () => {
  expect(knownAgents(THREE, [{ name: "writer" }, { name: "critic" }])).toEqual([
    "critic",
    "editor",
    "writer",
  ]);
  expect(knownTypes(THREE, [{ name: "Idea" }])).toEqual(["Idea", "Post", "Review"]);
});

test("a correlation is told by its first agent and its number of runs, the latest first", () => {
  expect(knownCorrelations(THREE)).toEqual([
    { id: "second", runs: 2, isLive: true, startedAt: 2, agent: "editor" },
    { id: "first", runs: 1, isLive: true, startedAt: 1, agent: "writer" },
  ]);
});

test("what is live comes before what has ended, and runs that ended count", () => {
  const state = ended(ended(THREE, 2), 3);
  expect(knownCorrelations(state).map(({ id, isLive }) => [id, isLive])).toEqual([
    ["first", true],
    ["second", false],
  ]);
});
