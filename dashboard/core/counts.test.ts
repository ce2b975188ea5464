import { expect, test } from "vitest";
import { countsOf, sameCounts, windowTitle } from "./counts";
import { reduce } from "./reduce";
import { EMPTY, type State } from "./state";

const FACTS = { timestamp: 1, correlation_id: "c", agent_name: "writer" };

function withRun(state: State, stream: number, isRunning: boolean): State {
  const run = { ...FACTS, run_id: `r${stream}` };
  const started = reduce(
    state,
    {
      type: "stream_started",
      ...run,
      stream,
      artifacts: [],
      inputs: [],
      engine: "demo",
      model: null,
      simulated: true,
      priority: "normal",
    },
    1,
  );
  return isRunning ? reduce(started, { type: "agent_activated", ...run, inputs: [] }, 1) : started;
}

test("what runs and what waits are counted apart", () => {
  const state = withRun(withRun(withRun(EMPTY, 1, true), 2, true), 3, false);
  expect(countsOf(state)).toEqual({ running: 2, waiting: 1, finished: 0, tokensPerS: 0 });
});

test("equal counts are the same", () => {
  expect(sameCounts(countsOf(EMPTY), countsOf(EMPTY))).toBe(true);
  expect(sameCounts(countsOf(EMPTY), { ...countsOf(EMPTY), tokensPerS: 1 })).toBe(false);
});

test("the window's title says what is under way, and nothing where nothing is", () => {
  const counts = { running: 0, waiting: 0, finished: 9, tokensPerS: 0 };
  expect(windowTitle(counts)).toBe("flock");
  expect(windowTitle({ ...counts, running: 3 })).toBe("(3) flock");
  expect(windowTitle({ ...counts, running: 3, waiting: 2 })).toBe("(3+2) flock");
});
