import { expect, test } from "vitest";
import { delta, frame, hello, metrics, snapshot } from "@/testing/events";
import { Clock } from "./clock";

test("without a word of the server's time, the own one counts", () => {
  expect(new Clock().read(frame(1, delta(1, 0, "x")), 50)).toBe(50);
});

test("a frame without time of its own is dated by the server's clock", () => {
  const clock = new Clock();
  clock.read(frame(1, { ...hello("e1-0"), timestamp: 1_000 }), 50);
  expect(clock.read(frame(2, delta(1, 0, "x")), 52)).toBe(1_002);
});

test("events that were long on their way do not set the clock back, fresher ones set it right", () => {
  const clock = new Clock();
  clock.read(frame(1, { ...hello("e1-0"), timestamp: 1_000 }), 50);
  expect(clock.read(frame(2, metrics(900)), 51)).toBe(1_001);
  expect(clock.read(frame(3, metrics(1_003)), 52)).toBe(1_003);
});

test("what a snapshot tells of earlier times says nothing of now", () => {
  const clock = new Clock();
  expect(
    clock.read(
      frame(1, { ...hello("e1-0"), timestamp: 1_000 }, { ...snapshot("a", 1), timestamp: 2_000 }),
      50,
    ),
  ).toBe(1_000);
});

test("each connection sets the clock anew: the own one may have been put forward", () => {
  const clock = new Clock();
  clock.read(frame(1, { ...hello("e1-0"), timestamp: 1_000 }), 50);
  expect(clock.read(frame(2, { ...hello("e1-1"), timestamp: 1_010 }), 3_660)).toBe(1_010);
});
