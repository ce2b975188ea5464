import { expect, test } from "vitest";
import { chipsOf, withChoice, withoutChip } from "./filter_chips";
import { type Filter, NO_FILTER } from "./route";

const FILTER: Filter = { ...NO_FILTER, agents: ["writer", "editor"], states: ["failed"], text: "owl" };

test("each value of a filter is a chip", () => {
  expect(chipsOf(FILTER).map(({ value }) => value)).toEqual(["writer", "editor", "failed", "owl"]);
  expect(chipsOf(NO_FILTER)).toEqual([]);
});

test("choosing a value twice leaves the filter as it was", () => {
  const once = withChoice(NO_FILTER, "types", "Post");
  expect(once.types).toEqual(["Post"]);
  expect(withChoice(once, "types", "Post")).toEqual(NO_FILTER);
});

test("states stand in the order of a run's life", () => {
  expect(withChoice(withChoice(NO_FILTER, "states", "failed"), "states", "queued").states).toEqual([
    "queued",
    "failed",
  ]);
});

test("what no state is called changes nothing", () => {
  expect(withChoice(FILTER, "states", "asleep")).toEqual(FILTER);
});

test("taking all chips out leaves no filter", () => {
  expect(chipsOf(FILTER).reduce(withoutChip, FILTER)).toEqual(NO_FILTER);
});
