import { expect, test } from "vitest";
import { parseJson, pointer, sameJson, summary, withProperty } from "./json";

test("a pointer escapes what would divide it", () => {
  expect(pointer(["a/b", 0, "c~d"])).toBe("/a~1b/0/c~0d");
  expect(pointer([])).toBe("");
});

test("a changed property stands where its type has it", () => {
  expect(JSON.stringify(withProperty({ b: 1, x: 2 }, "a", 3, ["a", "b"]))).toBe('{"a":3,"b":1,"x":2}');
});

test("a property without a value is taken out", () => {
  expect(withProperty({ a: 1, b: 2 }, "a", undefined)).toEqual({ b: 2 });
});

test("a property may be called as what objects have anyway", () => {
  const changed = withProperty({}, "__proto__", 1);
  expect(JSON.stringify(changed)).toBe('{"__proto__":1}');
});

test("values are the same whatever the order of their properties", () => {
  expect(sameJson({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson({}, { constructor: 1 })).toBe(false);
});

test("what is no JSON says so", () => {
  expect(parseJson("{")).toHaveProperty("error");
  expect(parseJson(" [1] ")).toEqual({ value: [1] });
});

test("a summary is one line, however long and deep the value", () => {
  expect(summary({ title: "Owls\nat night", tags: ["a", "b"], n: 3 })).toBe(
    "title: Owls at night · tags: a and 1 more · n: 3",
  );
  const long = summary({ text: "word ".repeat(100_000), more: 1 }, 50);
  expect(long.length).toBeLessThan(70);
  expect(long.endsWith("…")).toBe(true);
});
