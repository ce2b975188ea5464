import { expect, test } from "vitest";
import { type Deed, mayDo } from "./permissions";

const DEEDS: readonly Deed[] = ["watch", "publish", "run", "cancel", "retry"];

test("a token that reads watches, and does nothing else", () => {
  expect(DEEDS.filter((deed) => mayDo(["read"], deed))).toEqual(["watch"]);
});

test("a token that only publishes does not run agents, whose answer it could not read", () => {
  expect(DEEDS.filter((deed) => mayDo(["publish"], deed))).toEqual(["publish"]);
});

test("a token that reads and publishes cancels nothing", () => {
  expect(DEEDS.filter((deed) => mayDo(["publish", "read"], deed))).toEqual(["watch", "publish", "run"]);
});

test("an admin's token does everything", () => {
  expect(DEEDS.filter((deed) => mayDo(["admin", "publish", "read"], deed))).toEqual(DEEDS);
});

test("while the scopes are not known everything is offered", () => {
  expect(DEEDS.every((deed) => mayDo(null, deed))).toBe(true);
});
