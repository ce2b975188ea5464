import { expect, test } from "vitest";
import { flushInterval, MAX_INTERVAL_MS, MIN_INTERVAL_MS, smoothed } from "./flush";

test("cheap beats come as often as they may, dear ones less often, and none never", () => {
  expect([0, 20, 45, 90, 10_000].map(flushInterval)).toEqual([
    MIN_INTERVAL_MS,
    MIN_INTERVAL_MS,
    100,
    200,
    MAX_INTERVAL_MS,
  ]);
});

test("a single slow beat does not count as all, slow ones in a row do", () => {
  expect(smoothed(10, 110)).toBeCloseTo(40);
  let cost = 0;
  for (let beat = 0; beat < 20; beat += 1) cost = smoothed(cost, 100);
  expect(cost).toBeGreaterThan(95);
});
