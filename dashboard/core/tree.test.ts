import { expect, test } from "vitest";
import { copied, openAtFirst, PAGE, treeRows } from "./tree";

const VALUE = { title: "Owls", steps: [{ name: "a" }, { name: "b" }], "a/b": {}, none: null };
const CLOSED = { open: new Set<string>(), shown: new Map<string, number>() };

test("closed branches list none of their parts", () => {
  expect(treeRows(VALUE, CLOSED).map(({ key, size }) => `${key} ${size}`)).toEqual([
    "/title 0",
    "/steps 2",
    "/a~1b 0",
    "/none 0",
  ]);
});

test("an open branch lists its parts behind it, one level deeper", () => {
  const rows = treeRows(VALUE, { ...CLOSED, open: new Set(["/steps", "/steps/1"]) });
  expect(rows.map(({ key, depth }) => `${depth} ${key}`)).toEqual([
    "0 /title",
    "0 /steps",
    "1 /steps/0",
    "1 /steps/1",
    "2 /steps/1/name",
    "0 /a~1b",
    "0 /none",
  ]);
  expect(rows[3]).toMatchObject({ isOpen: true, place: 2, count: 2 });
});

test("of very many parts the first are listed, and how many more there are", () => {
  const many = Array.from({ length: 1000 }, (_, index) => index);
  const rows = treeRows(many, CLOSED);
  expect(rows).toHaveLength(PAGE + 1);
  expect(rows.at(-1)).toMatchObject({ hidden: 1000 - PAGE, place: PAGE + 1 });
  expect(treeRows(many, { ...CLOSED, shown: new Map([["", 1000]]) })).toHaveLength(1000);
});

test("a value without parts has no rows", () => {
  expect(treeRows("text", CLOSED)).toEqual([]);
});

test("a small value is open at first, a large one as far as there is room", () => {
  expect([...openAtFirst(VALUE)]).toEqual(["/steps", "/steps/0", "/steps/1"]);
  expect([...openAtFirst(VALUE, 6)]).toEqual(["/steps"]);
  expect(openAtFirst({ list: Array.from({ length: 1000 }, () => ({ a: 1 })) }).size).toBe(0);
});

test("a text is copied as it is, anything else as JSON", () => {
  expect(copied('say "hi"')).toBe('say "hi"');
  expect(copied({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
});
