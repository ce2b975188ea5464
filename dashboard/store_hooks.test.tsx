// @vitest-environment happy-dom

import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_INTERVAL_MS } from "@/core/flush";
import { Store, StoreContext, sameItems, useConnection, useFlock, useRun } from "@/store";
import { delta, frame, hello, started } from "@/testing/events";

let store: Store;
let drawn: string[] = [];

function Length({ run }: { readonly run: string }) {
  const chars = useRun(run, ({ chars }) => chars);
  drawn.push(run);
  return <p>{`${run}: ${chars ?? "unknown"}`}</p>;
}

function Names() {
  const names = useFlock((state) => [...state.live.keys()], sameItems);
  drawn.push("names");
  return <p>{names.join(", ")}</p>;
}

function Connected() {
  return <p>{useConnection().state}</p>;
}

function take(...frames: readonly ReturnType<typeof frame>[]): void {
  act(() => {
    for (const one of frames) store.take(one, 1);
    vi.advanceTimersByTime(MAX_INTERVAL_MS);
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  store = new Store();
  take(frame(2, hello("e1-0"), started("a", 1), started("b", 2)));
  render(
    <StoreContext value={store}>
      <Length run="a" />
      <Length run="b" />
      <Names />
      <Connected />
    </StoreContext>,
  );
  drawn = [];
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("only what shows something that has changed is drawn again", () => {
  take(frame(3, delta(1, 0, "four")));
  expect(screen.getByText("a: 4")).toBeDefined();
  expect(new Set(drawn)).toEqual(new Set(["a"]));
});

test("a list is drawn again where it has another member, not with each beat", () => {
  take(frame(3, delta(2, 0, "x")), frame(4, started("c", 3)));
  expect(screen.getByText("a, b, c")).toBeDefined();
  drawn = [];
  take(frame(5, delta(3, 0, "x")));
  expect(drawn).toEqual([]);
});

test("a run that comes to be known, or is forgotten, is told", () => {
  take({ cursor: "e2-1", events: [hello("e2-1", "e2"), started("b", 1)] });
  expect(screen.getByText("a: unknown")).toBeDefined();
  expect(screen.getByText("b: 0")).toBeDefined();
});

test("the state of the connection is shown", () => {
  act(() => store.setConnection({ state: "live" }));
  expect(screen.getByText("live")).toBeDefined();
});

test("outside of a store nothing can be drawn", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  expect(() => render(<Length run="a" />)).toThrow("no Store");
});
