import { expect, test } from "vitest";
import { playTime } from "./play_time";

test.each([
  [7.9, "0:07"],
  [754, "12:34"],
  [3_723, "1:02:03"],
  [-1, "0:00"],
])("%d seconds into a recording are shown as %s", (seconds, words) => {
  expect(playTime(seconds)).toBe(words);
});
