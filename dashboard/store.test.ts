// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS } from "@/core/flush";
import { EMPTY, runOf } from "@/core/state";
import { Store } from "@/store";
import { activated, delta, frame, hello, metrics, started } from "@/testing/events";

const AT = 1_000;
let store: Store;
let beats: string[] = [];

function text(run: string): string | undefined {
  return runOf(store.state(), run)?.fields[0]?.text;
}

function watch(...runs: readonly string[]): void {
  for (const run of runs) store.subscribeRun(run, () => beats.push(run));
}

beforeEach(() => {
  vi.useFakeTimers();
  store = new Store();
  beats = [];
  store.take(frame(4, hello("e1-0"), started("a", 1), started("b", 2), activated("a"), activated("b")), AT);
  vi.advanceTimersByTime(1_000);
});

afterEach(() => {
  vi.useRealTimers();
});

test("what arrives is known at once and drawn in the next beat", () => {
  store.take(frame(5, delta(1, 0, "x")), AT);
  expect(runOf(store.liveState(), "a")?.fields[0]?.text).toBe("x");
  expect(text("a")).toBeUndefined();
  vi.advanceTimersByTime(0);
  expect(text("a")).toBe("x");
});

test("what was measured before the page was there is drawn, but changes nothing frozen or replayed", () => {
  store.take(frame(5, metrics(2)), AT);
  store.freeze(true);
  vi.advanceTimersByTime(1_000);
  store.takeHistory([metrics(1), metrics(2)]);
  vi.advanceTimersByTime(1_000);
  expect(store.state().metrics).toEqual([]);
  store.showReplay(EMPTY);
  vi.advanceTimersByTime(1_000);
  expect(store.state()).toBe(EMPTY);
  store.showReplay(null);
  store.freeze(false);
  vi.advanceTimersByTime(1_000);
  expect(store.state().metrics).toEqual([metrics(1), metrics(2)]);
  expect(text("a")).toBe(runOf(store.liveState(), "a")?.fields[0]?.text);
});

test("a frame that does not fit is told to the connection", () => {
  expect(store.take(frame(5, delta(1, 0, "x")), AT)).toBe(true);
  expect(store.take(frame(6, delta(1, 2, "z")), AT)).toBe(false);
});

test("however much arrives, it is drawn at most twenty times a second", () => {
  let drawn = 0;
  store.subscribe(() => {
    drawn += 1;
  });
  for (let sequence = 0; sequence < 1_000; sequence += 1) {
    store.take(frame(5 + sequence, delta(1, sequence, "x")), AT);
    vi.advanceTimersByTime(1);
  }
  expect(drawn).toBeGreaterThan(0);
  expect(drawn).toBeLessThanOrEqual(1_000 / MIN_INTERVAL_MS + 1);
  vi.advanceTimersByTime(MAX_INTERVAL_MS);
  expect(text("a")).toBe("x".repeat(1_000));
});

test("where drawing takes long, it is drawn less often", () => {
  let drawn = 0;
  store.subscribe(() => {
    drawn += 1;
    vi.advanceTimersByTime(100);
  });
  for (let sequence = 0; sequence < 1_000; sequence += 1) {
    store.take(frame(5 + sequence, delta(1, sequence, "x")), AT);
    vi.advanceTimersByTime(10);
  }
  expect(drawn).toBeLessThan(10_000 / 150);
});

test("only watched runs that have changed are told", () => {
  watch("a", "b", "unknown");
  store.take(frame(5, delta(1, 0, "x")), AT);
  vi.advanceTimersByTime(MAX_INTERVAL_MS);
  expect(beats).toEqual(["a"]);
  store.take(frame(6), AT);
  vi.advanceTimersByTime(MAX_INTERVAL_MS);
  expect(beats).toEqual(["a"]);
});

test("who does not listen any more is not told", () => {
  const stops = [1, 2].map(() => store.subscribeRun("a", () => beats.push("a")));
  stops[0]?.();
  store.take(frame(5, delta(1, 0, "x")), AT);
  vi.advanceTimersByTime(MAX_INTERVAL_MS);
  expect(beats).toEqual(["a"]);
  stops[1]?.();
  store.take(frame(6, delta(1, 1, "y")), AT);
  vi.advanceTimersByTime(MAX_INTERVAL_MS);
  expect(beats).toEqual(["a"]);
});

describe("freezing", () => {
  test("keeps what is drawn, and shows all that came meanwhile afterwards", () => {
    watch("a");
    store.take(frame(5, delta(1, 0, "not yet drawn")), AT);
    store.freeze(true);
    store.take(frame(6, delta(1, 1, ", more")), AT);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
    expect(text("a")).toBeUndefined();
    expect(beats).toEqual([]);
    store.freeze(false);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
    expect(text("a")).toBe("not yet drawn, more");
    expect(beats).toEqual(["a"]);
  });

  test("does not hold a replay", () => {
    store.freeze(true);
    store.showReplay(EMPTY);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
    expect(store.state()).toBe(EMPTY);
  });
});

describe("a replay", () => {
  test("is drawn in place of what is live, which goes on behind it", () => {
    watch("a");
    store.showReplay(EMPTY);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
    expect(store.state()).toBe(EMPTY);
    expect(beats).toEqual(["a"]);
    store.take(frame(5, delta(1, 0, "x")), AT);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
    expect(store.state()).toBe(EMPTY);
    store.showReplay(null);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
    expect(text("a")).toBe("x");
  });
});

test("the connection is told at once", () => {
  const seen: string[] = [];
  const stop = store.subscribeConnection(() => seen.push(store.connectionState().state));
  store.setConnection({ state: "live" });
  stop();
  store.setConnection({ state: "paused" });
  expect(seen).toEqual(["live"]);
});
