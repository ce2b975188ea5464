import { expect, test } from "vitest";
import { FIRST_PAUSE_MS, MAX_PAUSE_MS, pauseMs } from "./backoff";

test("pauses double up to the longest", () => {
  const pauses = [0, 1, 2, 3, 10, 1_000].map((failures) => pauseMs(failures, () => 1));
  expect(pauses).toEqual([FIRST_PAUSE_MS, 500, 1_000, 2_000, MAX_PAUSE_MS, MAX_PAUSE_MS]);
});

test("viewers do not all come back at once", () => {
  expect(pauseMs(0, () => 0)).toBe(FIRST_PAUSE_MS / 2);
  expect(pauseMs(0, () => 0.5)).toBe(FIRST_PAUSE_MS * 0.75);
});
