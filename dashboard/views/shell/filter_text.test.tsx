// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { createRef } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NavigationProvider, useNavigation } from "@/views/parts/route";
import { FilterText } from "./filter_text";

function Clear() {
  const { route, go } = useNavigation();
  return (
    <button type="button" onClick={() => go({ filter: { ...route.filter, text: "" } })}>
      clear
    </button>
  );
}

function draw(search = ""): HTMLInputElement {
  history.replaceState(null, "", `/${search}`);
  render(
    <NavigationProvider>
      <FilterText inputRef={createRef()} />
      <Clear />
    </NavigationProvider>,
  );
  return screen.getByRole("searchbox");
}

function pause(): void {
  act(() => vi.runAllTimers());
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("the address follows in the pauses of typing, without an entry in the history", () => {
  const field = draw("?agent=writer");
  const entries = history.length;
  fireEvent.change(field, { target: { value: "ow" } });
  fireEvent.change(field, { target: { value: "owl" } });
  expect(location.search).toBe("?agent=writer");
  pause();
  expect(location.search).toBe("?agent=writer&q=owl");
  expect(history.length).toBe(entries);
});

test("what is typed while the address follows is not lost", () => {
  const field = draw();
  fireEvent.change(field, { target: { value: "ow" } });
  pause();
  fireEvent.change(field, { target: { value: "owl" } });
  expect(field.value).toBe("owl");
  pause();
  expect(location.search).toBe("?q=owl");
});

test("the field shows the text of the address, and follows when that changes", () => {
  const field = draw("?q=owl");
  expect(field.value).toBe("owl");
  fireEvent.click(screen.getByText("clear"));
  expect(field.value).toBe("");
  pause();
  expect(location.search).toBe("");
});
