import { expect, it } from "vitest";
import { compared } from "./compared";

it("chooses a run, and lets go of it", () => {
  expect(compared(["a"], "b")).toEqual(["a", "b"]);
  expect(compared(["a", "b"], "a")).toEqual(["b"]);
});

it("keeps the latest four", () => {
  expect(compared(["a", "b", "c", "d"], "e")).toEqual(["b", "c", "d", "e"]);
});
