import { expect, test } from "vitest";
import { NO_FIGURES } from "./graph_figures";
import {
  awaitedTypes,
  duration,
  listed,
  nowWords,
  pastWords,
  shortened,
  typeWords,
  waitingAt,
} from "./graph_words";

const JOIN = {
  agent: "teacher",
  correlation_id: "c",
  arrived: [{ type: "Topic", count: 1, artifact_id: "a" }],
  awaited: ["Poem", "Facts"],
  since: "2026-01-01T00:00:00+00:00",
};

test("figures are said in words, and nothing of what there is none of", () => {
  expect(nowWords({ ...NO_FIGURES, running: 2, queued: 1 })).toBe("2 running, 1 queued");
  expect(nowWords(NO_FIGURES)).toBe("idle");
  expect(pastWords({ ...NO_FIGURES, completed: 3, failed: 1 })).toBe("3 completed, 1 failed");
  expect(pastWords(NO_FIGURES)).toBe("no run has ended");
});

test("lists read as English", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(listed)).toEqual(["", "a", "a and b", "a, b and c"]);
});

test("what waits at a join is told from what waits at another one of the same agent", () => {
  expect(waitingAt([JOIN], "teacher", ["Facts", "Topic", "Poem"])).toEqual([JOIN]);
  expect(waitingAt([JOIN], "teacher", ["Topic", "Poem"])).toEqual([]);
  expect(waitingAt([JOIN], "poet", ["Facts", "Topic", "Poem"])).toEqual([]);
});

test("awaited types are named once", () => {
  expect(awaitedTypes([JOIN, { ...JOIN, awaited: ["Poem"] }])).toEqual(["Poem", "Facts"]);
});

test("durations have the unit that suits them", () => {
  expect([-3, 59.9, 60, 3599, 7200].map(duration)).toEqual(["0 s", "59 s", "1 min", "59 min", "2 h"]);
});

test("long words on an edge are cut", () => {
  expect(shortened("short")).toBe("short");
  expect(shortened("x".repeat(40))).toBe(`${"x".repeat(31)}…`);
});

test("of a type from outside nothing is claimed that the page cannot know", () => {
  expect(typeWords(0, false, true)).toBe("0 artifacts");
  expect(typeWords(0, true, true)).toBe("from outside");
  expect(typeWords(1, true, true)).toBe("1 artifact from outside");
  expect(typeWords(2, true, false)).toBe("2 artifacts");
});
