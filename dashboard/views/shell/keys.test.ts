import { expect, test } from "vitest";
import { VIEWS } from "@/core/route";
import { EVERYWHERE, OF_VIEWS } from "./keys";

test("no view takes a key that works everywhere, nor the same key twice", () => {
  const general = EVERYWHERE.flatMap(({ keys }) => keys);
  expect(new Set(general).size).toBe(general.length);
  for (const [view, helps] of Object.entries(OF_VIEWS)) {
    const own = helps.flatMap(({ keys }) => keys);
    expect([view, own.filter((key) => general.includes(key))]).toEqual([view, []]);
    expect([view, new Set(own).size]).toEqual([view, own.length]);
  }
});

test("each view has a key, in their order", () => {
  expect(EVERYWHERE[0]?.keys).toEqual(VIEWS.map((_, place) => String(place + 1)));
});
