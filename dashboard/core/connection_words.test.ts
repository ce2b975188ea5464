import { expect, test } from "vitest";
import { CLOSES } from "@/protocol/events";
import { gapWords, lossWords, REFUSALS, refusalWords } from "./connection_words";

test("every refusal of the server's table has words of its own, and what to do", () => {
  const final = CLOSES.filter(({ code, reconnect }) => !reconnect && code !== 1000);
  expect(
    Object.keys(REFUSALS)
      .map(Number)
      .sort((one, other) => one - other),
  ).toEqual(final.map(({ code }) => code));
  for (const { code, name } of final) expect(refusalWords(code, name).next).not.toBe("");
});

test("every loss of the server's table is told otherwise than by its name", () => {
  for (const { name } of CLOSES.filter(({ reconnect }) => reconnect)) expect(lossWords(name)).not.toBe(name);
});

test("an unknown refusal says what the server said", () => {
  expect(refusalWords(4999, "no owls here").what).toBe("The server ended the connection: no owls here.");
  expect(refusalWords(4999, "").what).toContain("4999");
});

test("a gap says why, and as of when all is whole again", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000;
  const gap = { type: "gap", timestamp: at, reason: "too_old", requested: "e-1", cursor: "e-9" } as const;
  expect(gapWords(gap)).toEqual({
    what: "Gap: The journal no longer reached back to where this page was.",
    next: "What is shown is whole again as of 03:04:05.",
  });
});
