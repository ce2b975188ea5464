import { expect, test } from "vitest";
import { duration, playTime } from "./duration";

test.each([
  [0.34, "340 ms"],
  [4.24, "4.2 s"],
  [59.96, "1 min 00 s"],
  [65, "1 min 05 s"],
  [7_380, "2 h 03 min"],
])("%d seconds are told as %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test.each([
  [7.9, "0:07"],
  [754, "12:34"],
  [3_723, "1:02:03"],
  [-1, "0:00"],
])("%d seconds into a recording are shown as %s", (seconds, words) => {
  expect(playTime(seconds)).toBe(words);
});
