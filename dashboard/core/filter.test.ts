import { expect, test } from "vitest";
import * as make from "@/testing/events";
import { shownRuns, takesRun } from "./filter";
import { reduceFrame } from "./reduce";
import { type Filter, NO_FILTER } from "./route";
import { EMPTY, runOf } from "./state";

const error = { code: "model", message: "The model is on strike" };
const STATE = reduceFrame(
  EMPTY,
  make.frame(
    9,
    make.hello("e1-0"),
    make.started("waits", 1),
    make.started("works", 2),
    make.activated("works"),
    make.delta(2, 0, "Owls hoot At Night."),
    make.started("early", 3),
    make.started("late", 4),
    make.final("early"),
    make.final("late", { status: "failed", error }),
  ),
  1,
);

function taken(part: Partial<Filter>): string[] {
  return shownRuns(STATE, { ...NO_FILTER, ...part });
}

test("what works comes first, then what waits, then what ended, the latest of it first", () => {
  expect(taken({})).toEqual(["works", "waits", "late", "early"]);
});

test.each<[string, Partial<Filter>, string[]]>([
  ["by agents", { agents: ["agent-early", "agent-waits"] }, ["waits", "early"]],
  ["by types", { types: ["Note"] }, ["works", "waits", "late", "early"]],
  ["by types nobody writes", { types: ["Novel"] }, []],
  ["by correlations", { correlations: ["correlation-late"] }, ["late"]],
  ["by states", { states: ["failed", "queued"] }, ["waits", "late"]],
  ["by what was written, in any case", { text: "hoot at night" }, ["works"]],
  ["by why it failed", { text: "on strike" }, ["late"]],
  ["by the start of an artifact's id", { text: "works-fir" }, ["works"]],
  ["by several at once", { agents: ["agent-early", "agent-late"], states: ["completed"] }, ["early"]],
])("runs are found %s", (_, filter, runs) => {
  expect(taken(filter)).toEqual(runs);
});

test("a run is searched anew when it has more text, and when something else is looked for", () => {
  const filter = { ...NO_FILTER, text: "by day" };
  const run = runOf(STATE, "works");
  expect(run && takesRun(filter, run)).toBe(false);
  const more = runOf(reduceFrame(STATE, make.frame(10, make.delta(2, 1, " And sleep by day.")), 1), "works");
  expect(more && takesRun(filter, more)).toBe(true);
  expect(run && takesRun({ ...NO_FILTER, text: "owls" }, run)).toBe(true);
  expect(run && takesRun(filter, run)).toBe(false);
});
