import fc from "fast-check";
import { expect, test } from "vitest";
import { clockTime, following, ticks, zoomed } from "./time_axis";

test("zooming keeps a moment where it is, within bounds", () => {
  expect(zoomed({ from: 0, to: 100 }, 0.5, 20)).toEqual({ from: 10, to: 60 });
  const { from, to } = zoomed({ from: 0, to: 1 }, 1e-9, 0.5);
  expect(to - from).toBeCloseTo(0.2);
});

test("following moves on only where the last moment would go out of sight", () => {
  const span = { from: 0, to: 100 };
  expect(following(span, 50)).toBe(span);
  expect(following(span, 150)).toEqual({ from: 58, to: 158 });
  expect(following(span, -10)).toEqual({ from: -102, to: -2 });
});

test("the marks of the axis are far enough apart to be read, whatever the zoom", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.2, max: 86_400 * 7, noNaN: true }), (length) => {
      const marks = ticks({ from: 1_000, to: 1_000 + length }, 1_000);
      expect(marks.length).toBeLessThanOrEqual(12);
      expect(new Set(marks.map(({ label }) => label)).size).toBe(marks.length);
    }),
  );
});

test("the axis says the time of day as exactly as its marks need it", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 670).getTime() / 1000;
  expect(clockTime(at, 0.05)).toBe("03:04:05.67");
  expect(clockTime(at, 0.1)).toBe("03:04:05.6");
  expect(clockTime(at, 1)).toBe("03:04:05");
  expect(clockTime(at, 60)).toBe("03:04");
  expect(clockTime(at, 86_400)).toBe("01-02 03:04");
});
