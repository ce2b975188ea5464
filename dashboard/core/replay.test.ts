import fc from "fast-check";
import { expect, test } from "vitest";
import type { WireEvent } from "@/protocol/events";
import { activated, final, gap, ids, snapshot, started, whole } from "@/testing/events";
import { type Happening, ModelServer } from "@/testing/model_server";
import { reduce } from "./reduce";
import { markedParts, momentsOf, Replay } from "./replay";
import { EMPTY, runOf, type State } from "./state";

const run = fc.nat(3);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Happening>({ do: "start" }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("activate" as const), run }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("attempt" as const, "fail", "complete"), run }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("write" as const), run, field: fc.nat(3), text: fc.string() }),
  },
);
/** How much later than the last one each event happens; clocks may go back a little. */
const pauses = fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 60, maxLength: 60 });
const recording = fc.tuple(fc.array(happening, { maxLength: 60 }), pauses).map(([happenings, waits]) => {
  const server = new ModelServer();
  for (const one of happenings) server.happen(one);
  let time = 1_000;
  return server.events(0, server.head).map((event, index): WireEvent => {
    time += waits[index % waits.length] ?? 0;
    return { ...event, timestamp: time };
  });
});

function folded(events: readonly WireEvent[], moment: number): State {
  return momentsOf(events)
    .filter(({ at }) => at <= moment)
    .reduce((state, { event }) => reduce(state, event, 0), EMPTY);
}

test("however one scrubs, each moment shows what a fold of all that had happened by then gives", () => {
  fc.assert(
    fc.property(
      recording,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.integer({ min: 990, max: 1_200 }), { maxLength: 12 }),
      (events, page, every, scrubs) => {
        const replay = new Replay(EMPTY, every);
        for (let place = 0; place < events.length; place += page) {
          replay.add(events.slice(place, place + page));
          const moment = scrubs[place % Math.max(scrubs.length, 1)] ?? 1_000;
          expect(replay.at(moment)).toEqual(folded(events.slice(0, place + page), moment));
        }
        for (const moment of scrubs) expect(replay.at(moment)).toEqual(folded(events, moment));
      },
    ),
    { numRuns: 200 },
  );
});

test("a moment before the first event shows nothing, and one behind the last everything", () => {
  const replay = new Replay(EMPTY);
  replay.add([{ ...started("a", 1), timestamp: 10 }, activated("a", 11), final("a", {}, 12)]);
  expect(replay.span).toEqual({ begin: 10, end: 12 });
  expect(replay.at(9.9)).toEqual(EMPTY);
  expect(replay.at(10).live.get("a")?.state).toBe("queued");
  expect(replay.at(99).finished.get("a")?.state).toBe("completed");
});

test("where the journal no longer reaches back, the times of a run are replayed, and its text comes whole", () => {
  const ended = snapshot("a", 1, {
    state: "completed",
    started_at: 100,
    activated_at: 103,
    ended_at: 110,
    fields: [whole("a", "They fly.")],
  });
  const replay = new Replay(EMPTY);
  replay.add([gap("e1-9"), { ...ended, timestamp: 500 }]);
  expect(replay.lost).toBe(1);
  expect(replay.span).toEqual({ begin: 100, end: 110 });
  expect(runOf(replay.at(102), "a")).toMatchObject({ state: "queued", startedAt: 100, fields: [] });
  expect(runOf(replay.at(105), "a")).toMatchObject({ state: "running", activatedAt: 103, fields: [] });
  expect(runOf(replay.at(110), "a")?.fields.map(({ text }) => text)).toEqual(["They fly."]);
  expect(replay.at(110).gaps).toEqual([]);
});

test("a run that goes on behind a gap grows from its snapshot on", () => {
  const replay = new Replay(EMPTY);
  const running = { ...snapshot("a", 1, { started_at: 100, activated_at: 101 }), timestamp: 120 };
  replay.add([gap("e1-9"), running]);
  replay.add([final("a", {}, 119)]);
  expect(replay.span).toEqual({ begin: 100, end: 120 });
  expect(replay.at(119.9).live.get("a")?.state).toBe("running");
  expect(replay.at(120).finished.get("a")?.state).toBe("completed");
});

test("the marks are the beginnings and ends of runs", () => {
  const replay = new Replay(EMPTY);
  const failed = final("b", { status: "failed" }, 16);
  replay.add([
    { ...started("a", 1), timestamp: 10 },
    { ...started("b", 2), timestamp: 12 },
    activated("a", 13),
  ]);
  replay.add([failed, { ...final("a"), timestamp: 20 }]);
  expect(replay.marks().map(({ at, runId, status }) => [at, runId, status])).toEqual([
    [10, "a", null],
    [12, "b", null],
    [16, "b", "failed"],
    [20, "a", "completed"],
  ]);
  expect(markedParts(replay.marks(), { begin: 10, end: 20 }, 2)).toEqual([
    { place: 0, starts: 2, ends: 0, failures: 0 },
    { place: 0.5, starts: 0, ends: 0, failures: 1 },
    { place: 1, starts: 0, ends: 1, failures: 0 },
  ]);
});

test("a publication without a run is replayed in its place", () => {
  const replay = new Replay(EMPTY);
  const { timestamp, correlation_id, agent_name } = ids("a", 11);
  const rest = { artifact_id: "x", artifact_type: "Idea", run_id: null, derived_from: [], tags: [] };
  replay.add([{ type: "artifact_published", timestamp, correlation_id, agent_name, ...rest }]);
  expect(replay.at(11).publications).toHaveLength(1);
});
