import { describe, expect, it } from "vitest";
import { neighbour } from "./keys";

describe("neighbour", () => {
  it("goes along rows and columns", () => {
    expect(neighbour("ArrowRight", 4, 4, 8)).toBe(5);
    expect(neighbour("ArrowLeft", 4, 4, 8)).toBe(3);
    expect(neighbour("ArrowDown", 1, 4, 8)).toBe(5);
    expect(neighbour("ArrowUp", 5, 4, 8)).toBe(1);
  });

  it("stays where there is nothing further", () => {
    expect(neighbour("ArrowLeft", 0, 4, 8)).toBe(0);
    expect(neighbour("ArrowRight", 7, 4, 8)).toBe(7);
    expect(neighbour("ArrowUp", 2, 4, 8)).toBe(2);
    expect(neighbour("ArrowDown", 3, 4, 6)).toBe(3);
  });

  it("goes to both ends, and takes no other key", () => {
    expect(neighbour("Home", 5, 4, 8)).toBe(0);
    expect(neighbour("End", 5, 4, 8)).toBe(7);
    expect(neighbour("a", 5, 4, 8)).toBeNull();
  });
});
