import { expect, test } from "vitest";
import { doorOf, pathThrough, scaleIn } from "./graph_geometry";

const BOX = { x: 0, y: 0, width: 100, height: 40 };

test("an edge leaves a box in the middle of the side that faces where it goes", () => {
  expect(doorOf(BOX, { x: 300, y: 90 }, "right")).toEqual({ x: 100, y: 20 });
  expect(doorOf(BOX, { x: -300, y: 90 }, "right")).toEqual({ x: 0, y: 20 });
  expect(doorOf(BOX, { x: 0, y: 300 }, "down")).toEqual({ x: 50, y: 40 });
  expect(doorOf(BOX, { x: 0, y: -300 }, "down")).toEqual({ x: 50, y: 0 });
});

test("a path is level with its direction in each of its points", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: 20 },
  ];
  expect(pathThrough(points, "right")).toBe("M0,0C5,0 5,20 10,20");
  expect(pathThrough(points, "down")).toBe("M0,0C0,10 10,10 10,20");
  expect(pathThrough([], "down")).toBe("");
});

test("something fits by its tighter side", () => {
  expect(scaleIn({ width: 100, height: 100 }, { width: 200, height: 50 })).toBe(0.5);
  expect(scaleIn({ width: 100, height: 100 }, { width: 0, height: 0 })).toBe(100);
});
