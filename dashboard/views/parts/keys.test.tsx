// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { useKeys, usePaletteKey } from "./keys";

afterEach(cleanup);

function Page({ pressed }: { readonly pressed: string[] }) {
  useKeys({ f: () => pressed.push("f"), "/": () => pressed.push("/") });
  usePaletteKey(() => pressed.push("palette"));
  return (
    <>
      <p>text</p>
      <input aria-label="field" />
      <input type="checkbox" aria-label="box" />
      <div role="dialog" aria-label="dialog">
        <button type="button">in it</button>
      </div>
    </>
  );
}

function draw(): string[] {
  const pressed: string[] = [];
  render(<Page pressed={pressed} />);
  return pressed;
}

test("a key does what it is for, wherever nobody writes", () => {
  const pressed = draw();
  fireEvent.keyDown(document.body, { key: "f" });
  fireEvent.keyDown(screen.getByLabelText("box"), { key: "/" });
  fireEvent.keyDown(document.body, { key: "q" });
  expect(pressed).toEqual(["f", "/"]);
});

test("a key does nothing in a field, in a dialog, or as a browser's shortcut", () => {
  const pressed = draw();
  fireEvent.keyDown(screen.getByLabelText("field"), { key: "f" });
  fireEvent.keyDown(screen.getByText("in it"), { key: "f" });
  fireEvent.keyDown(document.body, { key: "f", ctrlKey: true });
  expect(pressed).toEqual([]);
});

test("the palette opens from a field as well, and the browser leaves the key to it", () => {
  const pressed = draw();
  const isTakenByNobody = fireEvent.keyDown(screen.getByLabelText("field"), { key: "k", ctrlKey: true });
  expect(pressed).toEqual(["palette"]);
  expect(isTakenByNobody).toBe(false);
});
