import { expect, test } from "vitest";
import { MAX_NOTICES, type Notice, type Tone, withNotice, withoutNotice } from "./notices";

function notice(id: number, text: string, tone: Tone = "info"): Notice {
  return { id, tone, text, hint: null, action: null };
}

test("the same words are told once, in the latest place", () => {
  const notices = [notice(1, "Cancelled."), notice(2, "Published.")];
  expect(withNotice(notices, notice(3, "Cancelled.")).map(({ id }) => id)).toEqual([2, 3]);
});

test("an error is not taken for a notice of the same words", () => {
  expect(withNotice([notice(1, "Stopped.")], notice(2, "Stopped.", "error"))).toHaveLength(2);
});

test("of many notices the latest stay", () => {
  let notices: readonly Notice[] = [];
  for (let id = 1; id <= MAX_NOTICES + 2; id += 1) notices = withNotice(notices, notice(id, `number ${id}`));
  expect(notices.map(({ id }) => id)).toEqual([3, 4, 5, 6]);
});

test("a dismissed notice is gone, the others stay", () => {
  expect(withoutNotice([notice(1, "one"), notice(2, "two")], 1).map(({ id }) => id)).toEqual([2]);
});
