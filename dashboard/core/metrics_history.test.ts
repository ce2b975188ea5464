import fc from "fast-check";
import { expect, test } from "vitest";
import { metrics } from "@/testing/events";
import { withHistory } from "./metrics_history";
import { reduce } from "./reduce";
import { EMPTY, METRICS_SPAN_S } from "./state";

const times = (all: readonly { readonly timestamp: number }[]) => all.map(({ timestamp }) => timestamp);

test("what was measured before comes first, and what both know is there once, as it was received", () => {
  const received = [metrics(3), metrics(4)];
  const joined = withHistory(received, [metrics(1), metrics(2), metrics(3)]);
  expect(times(joined)).toEqual([1, 2, 3, 4]);
  expect(joined[2]).toBe(received[0]);
});

test("what was received while the history was on its way stays in its place", () => {
  expect(times(withHistory([metrics(2), metrics(5)], [metrics(1), metrics(3)]))).toEqual([1, 2, 3, 5]);
});

test("the history reaches no further back than what is received", () => {
  const first = metrics(1_000);
  const last = metrics(1_000 + METRICS_SPAN_S);
  expect(withHistory([last], [first, metrics(1_001)])).toEqual([metrics(1_001), last]);
});

test("where nothing was measured before, nothing changes", () => {
  expect(withHistory([metrics(1)], [])).toEqual([metrics(1)]);
  expect(withHistory([], [])).toEqual([]);
});

test("whoever comes in between and asks for the history knows as much as who was there from the start", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(2_000)), fc.nat(), fc.nat(), (moments, one, other) => {
      const all = moments.toSorted((a, b) => a - b).map(metrics);
      const came = one % (all.length + 1);
      const asked = came + (other % (all.length - came + 1));
      const receivedFrom = (start: number) =>
        all.slice(start).reduce((state, event) => reduce(state, event, 0), EMPTY).metrics;
      expect(withHistory(receivedFrom(came), all.slice(0, asked))).toEqual(receivedFrom(0));
    }),
  );
});
