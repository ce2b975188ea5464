import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Bar,
  firstLook,
  fitted,
  groupsOf,
  lastActivity,
  latest,
  neighbour,
  pieces,
  sameBars,
} from "./timeline";

function bar(runId: string, startedAt: number, endedAt: number | null, part: Partial<Bar> = {}): Bar {
  const state = endedAt === null ? "running" : "completed";
  return {
    runId,
    agent: "writer",
    correlationId: "c",
    types: "Post",
    state,
    attempt: 1,
    startedAt,
    activatedAt: startedAt,
    firstTokenAt: null,
    endedAt,
    ...part,
  };
}

const anyBars = fc
  .array(
    fc.record({ start: fc.nat(100), length: fc.option(fc.integer({ min: 1, max: 30 })), agent: fc.nat(2) }),
    {
      maxLength: 40,
    },
  )
  .map((all) =>
    all.map(({ start, length, agent }, index) =>
      bar(`run-${index}`, start, length === null ? null : start + length, { agent: `agent-${agent}` }),
    ),
  );

test("no bar of a lane lies over another one, and none is lost", () => {
  fc.assert(
    fc.property(anyBars, (bars) => {
      const lanes = groupsOf(bars, "agent").flatMap(({ lanes }) => lanes);
      for (const lane of lanes) {
        for (const [index, one] of lane.entries()) {
          const next = lane[index + 1];
          if (next !== undefined) expect(one.endedAt ?? Infinity).toBeLessThanOrEqual(next.startedAt);
        }
      }
      expect(
        lanes
          .flat()
          .map(({ runId }) => runId)
          .sort(),
      ).toEqual(bars.map(({ runId }) => runId).sort());
    }),
  );
});

test("an agent has as many lanes as it had runs at the same time", () => {
  const bars = [bar("a", 0, 10), bar("b", 5, 15), bar("c", 10, 20), bar("d", 15, null)];
  const [group] = groupsOf(bars, "agent");
  expect(group?.lanes.map((lane) => lane.map(({ runId }) => runId))).toEqual([
    ["a", "c"],
    ["b", "d"],
  ]);
});

test("agents keep the order of their first runs, and the latest correlation comes first", () => {
  const bars = [
    bar("a", 5, 6, { agent: "zebra", correlationId: "one" }),
    bar("b", 7, 8, { agent: "ant", correlationId: "two" }),
  ];
  expect(groupsOf(bars, "agent").map(({ key }) => key)).toEqual(["zebra", "ant"]);
  expect(groupsOf(bars, "correlation").map(({ key }) => key)).toEqual(["two", "one"]);
});

test("a bar's parts are where its times are", () => {
  const lane = [bar("a", 10, 20, { activatedAt: 12, firstTokenAt: 15 })];
  expect(pieces(lane, { from: 0, to: 100 }, 1000, 50, null)).toEqual([
    { kind: "bar", bar: lane[0], x: 100, width: 100, active: 20, token: 50 },
  ]);
});

test("a run that goes on reaches up to now", () => {
  const [piece] = pieces([bar("a", 10, null)], { from: 0, to: 100 }, 1000, 30, null);
  expect(piece).toMatchObject({ x: 100, width: 200 });
});

test("bars too small to tell apart are one piece, unless the focus is on them", () => {
  const lane = Array.from({ length: 50 }, (_, index) =>
    bar(`run-${index}`, index * 0.01, index * 0.01 + 0.005),
  );
  const span = { from: 0, to: 1000 };
  const all = pieces(lane, span, 1000, 10, null);
  expect(all).toHaveLength(1);
  expect(all[0]).toMatchObject({ kind: "many", bars: lane });
  const apart = pieces(lane, span, 1000, 10, "run-7");
  expect(apart.filter((piece) => piece.kind === "bar").map((piece) => piece.bar.runId)).toEqual(["run-7"]);
});

test("a lane of ten thousand runs is drawn in no more pieces than there are pixels for", () => {
  const lane = Array.from({ length: 10_000 }, (_, index) => bar(`run-${index}`, index, index + 0.9));
  expect(pieces(lane, { from: 0, to: 10_000 }, 1000, 10_000, null).length).toBeLessThan(350);
  expect(pieces(lane, { from: 5_000, to: 5_010 }, 1000, 10_000, null).length).toBeLessThan(13);
});

test("what the focus is on is drawn out of sight as well", () => {
  const lane = [bar("a", 0, 1), bar("b", 500, 501)];
  const drawn = pieces(lane, { from: 400, to: 600 }, 1000, 600, "a");
  expect(drawn.map((piece) => piece.kind === "bar" && piece.bar.runId).sort()).toEqual(["a", "b"]);
});

test("all bars fit, the unfinished ones up to now", () => {
  const { from, to } = fitted([bar("a", 100, 110), bar("b", 105, null)], 150);
  expect(from).toBeLessThan(100);
  expect(to).toBeGreaterThan(150);
});

test("one first looks at the last runs, back to a pause", () => {
  const { from, to } = firstLook([bar("old", 0, 10), bar("a", 1_000, 1_100), bar("b", 1_090, 1_120)], 9_000);
  expect(from).toBeGreaterThan(900);
  expect(from).toBeLessThan(1_000);
  expect(to).toBeGreaterThan(1_120);
  expect(firstLook([], 9_000).to - firstLook([], 9_000).from).toBe(60);
});

test("no bar reaches beyond the moment up to which is drawn", () => {
  expect(latest([bar("a", 0, 10.4), bar("b", 5, null)], 10)).toBe(10.4);
  expect(latest([bar("a", 0, 8)], 10)).toBe(10);
});

test("what goes on lasts until now, what has ended until its end", () => {
  expect(lastActivity([bar("a", 0, 10), bar("b", 5, null)], 99)).toBe(99);
  expect(lastActivity([bar("a", 0, 10), bar("b", 5, 7)], 99)).toBe(10);
});

test("the focus goes along a lane, and to the nearest run of the next one", () => {
  const groups = groupsOf(
    [
      bar("a", 0, 10),
      bar("b", 20, 30),
      bar("c", 1, 2, { agent: "critic" }),
      bar("d", 19, 25, { agent: "critic" }),
    ],
    "agent",
  );
  expect(neighbour(groups, null, "right")?.runId).toBe("a");
  expect(neighbour(groups, "a", "right")?.runId).toBe("b");
  expect(neighbour(groups, "b", "right")?.runId).toBe("b");
  expect(neighbour(groups, "b", "down")?.runId).toBe("d");
  expect(neighbour(groups, "d", "up")?.runId).toBe("b");
  expect(neighbour(groups, "b", "first")?.runId).toBe("a");
  expect(neighbour(groups, "c", "last")?.runId).toBe("d");
});

test("bars are the same while nothing that is drawn has changed", () => {
  expect(sameBars([bar("a", 0, null)], [bar("a", 0, null)])).toBe(true);
  expect(sameBars([bar("a", 0, null)], [bar("a", 0, null, { firstTokenAt: 3 })])).toBe(false);
  expect(sameBars([bar("a", 0, null)], [])).toBe(false);
});
