import { expect, test } from "vitest";
import { failureText, isStalePage } from "./failures";

test("each browser's words for a part that is gone are understood", () => {
  for (const message of [
    "Failed to fetch dynamically imported module: http://127.0.0.1/assets/graph_view-x.js",
    "error loading dynamically imported module: http://127.0.0.1/assets/graph_view-x.js",
    "Importing a module script failed.",
    "Unable to preload CSS for /assets/graph_view-x.css",
  ])
    expect(isStalePage(new TypeError(message))).toBe(true);
});

test("an error of the page itself is not taken for a part that is gone", () => {
  expect(isStalePage(new TypeError("Cannot read properties of undefined"))).toBe(false);
  expect(isStalePage("Failed to fetch")).toBe(false);
});

test("an error is handed on with its place, anything else as it is", () => {
  expect(failureText(new Error("no owls"))).toContain("no owls");
  expect(failureText("no owls")).toBe("no owls");
});
