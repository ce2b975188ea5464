// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "@/transport/api";
import { type Actions, ActionsProvider, useActions } from "./actions";
import { NavigationProvider } from "./route";

let actions: Actions | null = null;

function Taker() {
  actions = useActions();
  return null;
}

function draw(): Actions {
  render(
    <NavigationProvider>
      <ActionsProvider>
        <Taker />
      </ActionsProvider>
    </NavigationProvider>,
  );
  if (actions === null) throw new Error("nothing was drawn");
  return actions;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a result is told for a moment", () => {
  const { notify } = draw();
  act(() => notify("Published."));
  expect(screen.getByRole("status").textContent).toContain("Published.");
  act(() => vi.runAllTimers());
  expect(screen.getByRole("status").textContent).toBe("");
});

test("an error stays until it is dismissed, with what to do", () => {
  const { notifyError } = draw();
  act(() => notifyError(new ApiError(409, "", "It still runs.", "Cancel it first.", [])));
  act(() => vi.runAllTimers());
  expect(screen.getByRole("alert").textContent).toContain("It still runs. Cancel it first.");
  fireEvent.click(screen.getByLabelText("Dismiss"));
  expect(screen.getByRole("alert").textContent).toBe("");
});

test("what a notice leads to is done once, and the notice gone", () => {
  const { notify } = draw();
  const opened: string[] = [];
  act(() => notify("writer runs again.", { action: { label: "Open", onSelect: () => opened.push("run") } }));
  fireEvent.click(screen.getByText("Open"));
  expect(opened).toEqual(["run"]);
  expect(screen.queryByText("Open")).toBeNull();
});

test("cancelling a whole correlation asks first", () => {
  const { cancelCorrelation } = draw();
  act(() => cancelCorrelation("c"));
  expect(screen.getByRole("dialog").textContent).toContain("Cancel the whole correlation?");
  fireEvent.click(screen.getByText("Keep them running"));
  expect(screen.queryByRole("dialog")).toBeNull();
});
