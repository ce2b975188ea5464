// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import order from "@/core/samples/order.json";
import { initialValue, type Shape, shapeOf } from "@/core/schema";
import { placeIssues } from "@/core/schema_issues";
import type { Json } from "@/protocol/events";
import { PayloadEditor } from "./payload_editor";
import type { Messages } from "./place";

afterEach(cleanup);

const ORDER = shapeOf(order);
const NO_MESSAGES: Messages = new Map();

interface HarnessProps {
  readonly shape: Shape | null;
  readonly start: Json;
  readonly messages: Messages;
  readonly onValue: (value: Json) => void;
}

function Harness({ shape, start, messages, onValue }: HarnessProps) {
  const [value, setValue] = useState(start);
  const change = (next: Json) => {
    setValue(next);
    onValue(next);
  };
  return <PayloadEditor label="Order" shape={shape} value={value} onChange={change} messages={messages} />;
}

function draw(start: Json = initialValue(ORDER) ?? {}, messages = NO_MESSAGES, shape: Shape | null = ORDER) {
  const seen: { value: Json } = { value: start };
  const onValue = (value: Json) => {
    seen.value = value;
  };
  render(<Harness shape={shape} start={start} messages={messages} onValue={onValue} />);
  return seen;
}

const type = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

const openTab = (name: string) => fireEvent.mouseDown(screen.getByRole("tab", { name }), { button: 0 });

test("what is typed becomes the payload, numbers as numbers", () => {
  const seen = draw();
  type(/^title/, "Owls");
  type(/^count/, "12");
  type(/^price/, "1.50");
  expect(seen.value).toMatchObject({ title: "Owls", count: 12, price: 1.5 });
  expect(screen.getByLabelText(/^price/)).toHaveProperty("value", "1.50");
});

test("what is no number is kept as it was typed, and an emptied one is not given", () => {
  const seen = draw();
  type(/^count/, "twelve");
  expect(seen.value).toMatchObject({ count: "twelve" });
  type(/^count/, "");
  expect(seen.value).not.toHaveProperty("count");
});

test("what may be null is null again when it is emptied", () => {
  const seen = draw();
  type(/^day/, "2026-11-23");
  expect(seen.value).toMatchObject({ day: "2026-11-23" });
  type(/^day/, "");
  expect(seen.value).toMatchObject({ day: null });
});

test("an object that may be left out is drawn once it is added, and goes again", () => {
  const seen = draw();
  fireEvent.click(screen.getByRole("button", { name: "Add home" }));
  expect(seen.value).toMatchObject({ home: { zip: null } });
  fireEvent.click(screen.getByRole("button", { name: "Remove home" }));
  expect(seen.value).toMatchObject({ home: null });
});

test("items are added and removed", () => {
  const seen = draw({ tags: ["a"] });
  fireEvent.click(screen.getByRole("button", { name: "Add tags 2" }));
  type(/^tags 2/, "b");
  expect(seen.value).toMatchObject({ tags: ["a", "b"] });
  fireEvent.click(screen.getByRole("button", { name: "Remove tags 1" }));
  expect(seen.value).toMatchObject({ tags: ["b"] });
});

test("another variant of a union starts anew", () => {
  const seen = draw();
  type("Kind of pet", "1");
  expect(seen.value).toMatchObject({ pet: { kind: "dog" } });
  type(/^breed/, "pug");
  expect(seen.value).toMatchObject({ pet: { kind: "dog", breed: "pug" } });
});

test("the form and the JSON show one value", () => {
  const seen = draw();
  type(/^title/, "Owls");
  openTab("JSON");
  const json = screen.getByLabelText("Order as JSON");
  expect(json).toHaveProperty("value", JSON.stringify(seen.value, null, 2));
  fireEvent.change(json, { target: { value: '{"title": "Bats", "extra": {"x": 1}}' } });
  openTab("Form");
  expect(screen.getByLabelText(/^title/)).toHaveProperty("value", "Bats");
  expect(screen.getByLabelText("x")).toHaveProperty("value", "1");
});

test("half-typed JSON stays, says so, and keeps the form closed", () => {
  const seen = draw({ title: "Owls" });
  openTab("JSON");
  fireEvent.change(screen.getByLabelText("Order as JSON"), { target: { value: '{"title": ' } });
  expect(screen.getByRole("status").textContent).toMatch(/^Not JSON yet/);
  expect(screen.getByRole("tab", { name: "Form" })).toHaveProperty("disabled", true);
  expect(seen.value).toEqual({ title: "Owls" });
});

test("messages stand at their fields, which say that they are wrong", () => {
  const value = { title: "", address: {}, pet: { kind: "cat", lives: 99 } };
  const issues = ["title", "address.street", "pet.cat.lives"].map((path) => ({
    path,
    message: `wrong ${path}`,
  }));
  draw(value, placeIssues(ORDER, value, issues));
  for (const [label, message] of [
    [/^title/, "wrong title"],
    [/^street/, "wrong address.street"],
    [/^lives/, "wrong pet.cat.lives"],
  ] as const) {
    const input = screen.getByLabelText(label);
    expect(input.getAttribute("aria-invalid")).toBe("true");
    const described = input.getAttribute("aria-describedby")?.split(" ") ?? [];
    const texts = described.map((id) => document.getElementById(id)?.textContent ?? "");
    expect(texts).toContain(message);
  }
  expect(document.querySelectorAll('[aria-invalid="true"]')).toHaveLength(3);
});

test("a type without a schema is written as JSON", () => {
  draw({}, NO_MESSAGES, null);
  expect(screen.getByLabelText("Order as JSON")).toBeTruthy();
  expect(screen.queryByRole("tab")).toBeNull();
});
