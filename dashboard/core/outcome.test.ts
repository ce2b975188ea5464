import { expect, test } from "vitest";
import type { FieldOutcome, Frame } from "@/protocol/events";
import * as make from "@/testing/events";
import { reduceFrame } from "./reduce";
import { EMPTY, runOf } from "./state";

function wrong(field: string, value: FieldOutcome["value"], artifact = "a-first"): FieldOutcome {
  const told = value === undefined ? {} : { value };
  return { artifact_id: artifact, field, sha256: "", matches: false, ...told };
}

const STREAMED: Frame = make.frame(
  9,
  make.hello("e1-0"),
  make.started("a", 1),
  make.delta(1, 0, "first", "first"),
  make.delta(1, 1, "mid", "mid~1dle/x"),
  make.delta(1, 2, "dle", "mid~1dle/y"),
  [1, ["mid~1dle", "reasoning", "text", 1, 0], 3, 1, "thinking"],
  make.delta(1, 4, "last", "last"),
  [1, ["last", "llm_token", "text", 1, 1], 5, 1, "of the other artifact"],
);

function texts(...fields: readonly FieldOutcome[]): string[] | undefined {
  const streamed = reduceFrame(EMPTY, STREAMED, 1);
  const state = reduceFrame(streamed, make.frame(10, make.final("a", { fields })), 1);
  expect(state.finishedChars).toBe(runOf(state, "a")?.fields.reduce((sum, { text }) => sum + text.length, 0));
  return runOf(state, "a")?.fields.map(({ field, text }) => `${field}: ${text}`);
}

test("where all text is right, it stays as it was streamed", () => {
  expect(texts({ ...wrong("first", undefined), matches: true })).toHaveLength(6);
});

test("a value takes the place of its text, and of all text below it", () => {
  expect(texts(wrong("mid/dle", { x: [1], y: "two" }))).toEqual([
    "first: first",
    `mid~1dle: ${JSON.stringify({ x: [1], y: "two" }, null, 2)}`,
    "mid~1dle: thinking",
    "last: last",
    "last: of the other artifact",
  ]);
});

test("only the text of its artifact is replaced", () => {
  expect(texts(wrong("last", "corrected"))?.slice(-2)).toEqual([
    "last: corrected",
    "last: of the other artifact",
  ]);
});

test("a value that was never streamed comes last", () => {
  expect(texts(wrong("unseen", null))?.at(-1)).toBe("unseen: null");
});

test("a value the server does not tell leaves the text alone", () => {
  expect(texts(wrong("first", undefined))?.[0]).toBe("first: first");
});
