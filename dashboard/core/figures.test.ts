import { expect, it } from "vitest";
import { counted, rate, seconds } from "./figures";

it("gives spans of time as short as they can be read", () => {
  expect([0, 0.42, 0.999, 9.96, 12.34, 59.97, 245, 7389].map(seconds)).toEqual([
    "0.00 s",
    "0.42 s",
    "1.0 s",
    "10.0 s",
    "12.3 s",
    "0:59",
    "4:05",
    "2:03:09",
  ]);
});

it("takes a span before its beginning for none", () => {
  expect(seconds(-1)).toBe("0.00 s");
});

it("gives a decimal only to slow rates", () => {
  expect([0, 0.5, 9.94, 9.96, 53.4].map(rate)).toEqual(["0", "0.5", "9.9", "10", "53"]);
});

it("counts things in words", () => {
  expect([counted(1, "run"), counted(1200, "run")]).toEqual(["1 run", "1,200 runs"]);
});
