import fc from "fast-check";
import { expect, test } from "vitest";
import { activated, final, metrics, started } from "@/testing/events";
import { byMinute, bytes, extentOf, percentile, sameWaits, waitsByAgent, waitsOf } from "./process_figures";
import { reduce } from "./reduce";
import { EMPTY } from "./state";

test("half of all values do not exceed the 50th percentile, and nineteen of twenty the 95th", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.constantFrom(0.5, 0.95), (values, share) => {
      const found = percentile(
        values.toSorted((one, other) => one - other),
        share,
      );
      expect(values).toContain(found);
      expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(values.length * share);
      expect(values.filter((value) => value < found).length).toBeLessThan(values.length * share);
    }),
  );
});

test("no value has percentiles of nothing", () => {
  expect(percentile([], 0.5)).toBe(0);
});

test("the waits of each agent come from its runs, the slowest agent first", () => {
  const wait = (agent: string, seconds: number) => ({ runId: `${agent}-${seconds}`, agent, seconds });
  const waits = [wait("quick", 0.2), wait("slow", 4), wait("quick", 0.4), wait("slow", 2)];
  expect(waitsByAgent(waits)).toEqual([
    { agent: "slow", runs: 2, p50: 2, p95: 4 },
    { agent: "quick", runs: 2, p50: 0.2, p95: 0.4 },
  ]);
});

test("a run counts as soon as it has said something", () => {
  const events = [
    started("a", 1),
    started("b", 2),
    activated("b"),
    final("b", { time_to_first_token_ms: 250 }),
  ];
  const state = events.reduce((before, event) => reduce(before, event, 1_001), EMPTY);
  expect(waitsOf(state.live.values())).toEqual([]);
  const waits = waitsOf(state.finished.values());
  expect(waits).toEqual([{ runId: "b", agent: "agent-b", seconds: 0.25 }]);
  expect(sameWaits(waits, waitsOf(state.finished.values()))).toBe(true);
  expect(sameWaits(waits, [])).toBe(false);
});

test("an extent tells the last, the least and the greatest value", () => {
  expect(extentOf([3, 1, 9, 4])).toEqual({ current: 4, min: 1, max: 9 });
  expect(extentOf([])).toEqual({ current: 0, min: 0, max: 0 });
});

test("the table has the last measurement of each minute, the latest first", () => {
  const all = [60, 90, 119, 120, 121].map(metrics);
  expect(byMinute(all).map(({ timestamp }) => timestamp)).toEqual([121, 119]);
});

test.each([
  [0, "0 B"],
  [512, "512 B"],
  [1024, "1.0 KiB"],
  [1_500_000, "1.4 MiB"],
  [250 * 2 ** 20, "250 MiB"],
  [3 * 2 ** 30, "3.0 GiB"],
])("%d bytes are told as %s", (value, words) => {
  expect(bytes(value)).toBe(words);
});
