import { expect, test } from "vitest";
import type { Row } from "./board";
import { lineageOf, MAX_RELATIVES, type Relative, unknownSources } from "./lineage";

function row(id: string, ...derivedFrom: readonly string[]): Row {
  return { id, type: "T", producer: "p", correlationId: "c", runId: null, derivedFrom, tags: [], at: 0 };
}

const drawn = (relatives: readonly Relative[]) =>
  relatives.map(({ id, depth, isRepeated }) => `${"-".repeat(depth)}${id}${isRepeated ? "*" : ""}`).join(" ");

const DIAMOND = [
  row("topic"),
  row("poem", "topic"),
  row("post", "topic"),
  row("book", "poem", "post"),
  row("ad", "book"),
];

test("up are the sources, each followed by its own", () => {
  expect(drawn(lineageOf(DIAMOND, "book").up)).toBe("poem -topic post -topic*");
});

test("down is what was made from it, each followed by what that led to", () => {
  expect(drawn(lineageOf(DIAMOND, "topic").down)).toBe("poem -book --ad post -book*");
});

test("what the server no longer has is listed without what it was", () => {
  const [gone] = lineageOf([row("b", "a")], "b").up;
  expect(gone).toMatchObject({ id: "a", row: null });
  expect(unknownSources(new Map([["b", row("b", "a")]]), "b")).toEqual(["a"]);
});

test("a circle, which nobody should make, ends", () => {
  const lineage = lineageOf([row("a", "b"), row("b", "a")], "a");
  expect(drawn(lineage.up)).toBe("b -a*");
  expect(drawn(lineage.down)).toBe("b -a*");
});

test("a long chain is cut, and says so", () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => row(`${index}`, `${index - 1}`));
  const lineage = lineageOf(chain, "0");
  expect(lineage.down).toHaveLength(MAX_RELATIVES);
  expect(lineage.isCut).toBe(true);
  expect(lineageOf(DIAMOND, "topic").isCut).toBe(false);
});

test("an artifact nobody knows has no relatives", () => {
  expect(lineageOf(DIAMOND, "other")).toEqual({ up: [], down: [], isCut: false });
});
