// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ErrorBoundary } from "./error_boundary";

let failure: Error | null = null;

function View() {
  if (failure !== null) throw failure;
  return <p>all is well</p>;
}

function draw(): void {
  render(
    <>
      <nav>views</nav>
      <ErrorBoundary name="Graph">
        <View />
      </ErrorBoundary>
    </>,
  );
}

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  failure = null;
});

test("an error in a view is told there, and the rest stays", () => {
  failure = new Error("no \u202eowls");
  draw();
  expect(screen.getByRole("alert").textContent).toContain("Graph ran into an error");
  expect(screen.getByRole("alert").textContent).toContain("no \\u202eowls");
  expect(screen.getByText("views")).toBeTruthy();
});

test("a view that can be drawn again is drawn again", () => {
  failure = new Error("no owls");
  draw();
  failure = null;
  fireEvent.click(screen.getByText("Show it again"));
  expect(screen.getByText("all is well")).toBeTruthy();
});

test("a view that could not be loaded offers to load the page anew, and nothing in vain", () => {
  failure = new TypeError("Failed to fetch dynamically imported module: /assets/graph_view-1.js");
  draw();
  expect(screen.getByRole("alert").textContent).toContain("Graph could not be loaded");
  expect(screen.queryByText("Show it again")).toBeNull();
  expect(screen.getByText("Reload the page")).toBeTruthy();
});
