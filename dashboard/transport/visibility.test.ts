// @vitest-environment happy-dom

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GRACE_MS, liveWhileVisible } from "./visibility";

let isHidden = false;
let done: string[] = [];
let stop: () => void;

const live = { connect: () => done.push("connect"), pause: () => done.push("pause") };

function show(isShown: boolean): void {
  isHidden = !isShown;
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => (isHidden ? "hidden" : "visible"));
  isHidden = false;
  done = [];
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a tab that is looked at is connected at once", () => {
  stop = liveWhileVisible(live);
  expect(done).toEqual(["connect"]);
});

test("a tab that is opened in the background connects when it is looked at", () => {
  isHidden = true;
  stop = liveWhileVisible(live);
  vi.advanceTimersByTime(GRACE_MS * 2);
  expect(done).not.toContain("connect");
  show(true);
  expect(done.at(-1)).toBe("connect");
});

test("a tab that is hidden for a moment stays connected", () => {
  stop = liveWhileVisible(live);
  show(false);
  vi.advanceTimersByTime(GRACE_MS - 1);
  show(true);
  vi.advanceTimersByTime(GRACE_MS * 2);
  expect(done).toEqual(["connect"]);
});

test("a tab that stays hidden leaves, and comes back once it is looked at", () => {
  stop = liveWhileVisible(live);
  show(false);
  vi.advanceTimersByTime(GRACE_MS);
  expect(done).toEqual(["connect", "pause"]);
  show(true);
  show(true);
  expect(done).toEqual(["connect", "pause", "connect"]);
});
