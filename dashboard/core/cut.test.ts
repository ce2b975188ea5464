import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutBefore } from "./cut";

describe("cutBefore", () => {
  it("divides behind a blank that is near", () => {
    expect(cutBefore("one two three", 6)).toBe(4);
    expect(cutBefore("one\ntwo", 4)).toBe(4);
  });

  it("divides anywhere where there is none, but not inside a character", () => {
    expect(cutBefore("x".repeat(1000), 600)).toBe(600);
    expect(cutBefore("🦉".repeat(10), 5)).toBe(4);
  });

  it("leaves a text no longer than it may be, and takes something of it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 8 }),
        fc.integer({ min: 2, max: 8 }),
        (text, limit) => {
          const cut = cutBefore(text, limit);
          expect(cut).toBeGreaterThan(0);
          expect(cut).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});
