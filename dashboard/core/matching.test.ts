import { expect, test } from "vitest";
import { bestMatches, matchRank } from "./matching";

const self = (name: string) => name;

test("a beginning is better than a word, and a word than a part", () => {
  const names = ["overwriter", "write", "blog_writer", "wise rite", "editor"];
  expect(bestMatches(names, "writ", self, 9).items).toEqual(["write", "blog_writer", "overwriter"]);
});

test("letters alone find only where nothing else does", () => {
  const names = ["blog_writer", "editor"];
  expect(bestMatches(names, "bgw", self, 9).items).toEqual(["blog_writer"]);
  expect(bestMatches([...names, "bgw"], "bgw", self, 9).items).toEqual(["bgw"]);
});

test("letters have to come in order", () => {
  expect(matchRank("bw", "blog_writer")).toBe(3);
  expect(matchRank("wb", "blog_writer")).toBeNull();
});

test("an empty query takes all, in their order", () => {
  expect(bestMatches(["b", "a"], " ", self, 9)).toEqual({ items: ["b", "a"], more: 0 });
});

test("of a thousand names a few are given, and how many more there are", () => {
  const names = Array.from({ length: 1000 }, (_, number) => `agent_${number}`);
  const found = bestMatches(names, "agent_99", self, 5);
  expect(found.items).toEqual(["agent_99", "agent_990", "agent_991", "agent_992", "agent_993"]);
  expect(found.more).toBe(6);
});

test("upper and lower case are the same", () => {
  expect(matchRank("BLOG", "blogPost")).toBe(0);
});

test("a detail is searched as it stands, and counts less than a name", () => {
  const runs = [
    { name: "agent_0002", detail: "7271d0b9" },
    { name: "critic", detail: "of agent_07" },
  ];
  const found = (query: string) =>
    bestMatches(
      runs,
      query,
      ({ name }) => name,
      9,
      ({ detail }) => detail,
    ).items;
  expect(found("7271")).toEqual([runs[0]]);
  expect(found("agent_077")).toEqual([]);
  expect(found("agent_0").map(({ name }) => name)).toEqual(["agent_0002", "critic"]);
});
