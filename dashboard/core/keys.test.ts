import { expect, test } from "vitest";
import { isPaletteKey, keyOf, type Pressed } from "./keys";

const FREE = { isTaken: false };

function pressed(key: string, how: Partial<Pressed> = {}): Pressed {
  const plain = {
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    defaultPrevented: false,
    isComposing: false,
  };
  return { key, ...plain, ...how };
}

test("a plain key is ours, also one that needs Shift", () => {
  expect(keyOf(pressed("f"), FREE)).toBe("f");
  expect(keyOf(pressed("?"), FREE)).toBe("?");
});

test("the browser keeps its shortcuts", () => {
  for (const how of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }])
    expect(keyOf(pressed("f", how), FREE)).toBeNull();
});

test("a key that is written into a field, or composed, does nothing else", () => {
  expect(keyOf(pressed("n"), { isTaken: true })).toBeNull();
  expect(keyOf(pressed("n", { isComposing: true }), FREE)).toBeNull();
});

test("a key that something has taken does nothing else", () => {
  expect(keyOf(pressed("f", { defaultPrevented: true }), FREE)).toBeNull();
});

test("Ctrl+K and Cmd+K open the palette, K alone does not", () => {
  expect(isPaletteKey(pressed("k", { ctrlKey: true }))).toBe(true);
  expect(isPaletteKey(pressed("K", { metaKey: true }))).toBe(true);
  expect(isPaletteKey(pressed("k"))).toBe(false);
  expect(isPaletteKey(pressed("k", { ctrlKey: true, altKey: true }))).toBe(false);
});
