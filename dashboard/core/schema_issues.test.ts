import { expect, test } from "vitest";
import type { Json, JsonObject } from "@/protocol/events";
import order from "./samples/order.json";
import { shapeOf } from "./schema";
import { placeIssues } from "./schema_issues";

function places(
  value: Json,
  ...issues: readonly (readonly [string, string])[]
): Record<string, readonly string[]> {
  const reported = issues.map(([path, message]) => ({ path, message }));
  return Object.fromEntries(placeIssues(shapeOf(order), value, reported));
}

test("a violation is placed at its field, however deep", () => {
  const value = { address: {}, tags: ["a", "b"], node: { name: "n", children: [{ name: "c" }] } };
  expect(
    places(
      value,
      ["title", "too short"],
      ["address.street", "missing"],
      ["tags.1", "bad"],
      ["node.children.0.name", "no"],
    ),
  ).toEqual({
    "/title": ["too short"],
    "/address/street": ["missing"],
    "/tags/1": ["bad"],
    "/node/children/0/name": ["no"],
  });
});

test("several violations of one field stand together", () => {
  expect(places({ other: [] }, ["other.int", "no integer"], ["other.str", "no text"])).toEqual({
    "/other": ["no integer", "no text"],
  });
});

test("the name of a variant is no part of the place", () => {
  expect(places({ pet: { kind: "cat", lives: 99 } }, ["pet.cat.lives", "too many"])).toEqual({
    "/pet/lives": ["too many"],
  });
});

test("what is said of variants nobody chose is left out where the chosen one has violations", () => {
  const part = (name: string): JsonObject => ({
    title: name,
    type: "object",
    properties: { [name.toLowerCase()]: { type: "string" }, shared: { type: "integer" } },
    required: [name.toLowerCase()],
  });
  const shape = shapeOf({ type: "object", properties: { where: { anyOf: [part("Street"), part("Firm")] } } });
  const issues = [
    { path: "where.Street.shared", message: "no integer" },
    { path: "where.Firm.firm", message: "missing" },
  ];
  expect([...placeIssues(shape, { where: { street: "x", shared: "y" } }, issues)]).toEqual([
    ["/where/shared", ["no integer"]],
  ]);
  expect([...placeIssues(shape, { where: { street: "x" } }, issues.slice(1))]).toEqual([
    ["/where", ["Firm.firm: missing"]],
  ]);
});

test("keys of a dictionary and names of fields may hold dots and slashes", () => {
  expect(
    places({ extra: { "a.b": "x" }, "the/alias~x": 1 }, ["extra.a.b", "bad"], ["the/alias~x", "no"]),
  ).toEqual({
    "/extra/a.b": ["bad"],
    "/the~1alias~0x": ["no"],
  });
});

test("what has no field of its own stands at the nearest that has, with the rest of its path", () => {
  expect(places({ pair: [1] }, ["pair.1", "missing"], ["surprise", "extra"])).toEqual({
    "/pair": ["1: missing"],
    "": ["surprise: extra"],
  });
});

test("a violation of the whole value belongs to no field", () => {
  expect(places({}, ["(root)", "start is after end"])).toEqual({ "": ["start is after end"] });
});
