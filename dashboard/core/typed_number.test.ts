import { expect, test } from "vitest";
import { typedNumber } from "./typed_number";

test("what reads as a number is one", () => {
  expect(typedNumber(" 12 ")).toBe(12);
  expect(typedNumber("-1.50")).toBe(-1.5);
  expect(typedNumber("1e3")).toBe(1000);
});

test("what does not stays as it was typed, for the server to say so", () => {
  expect(typedNumber("twelve")).toBe("twelve");
  expect(typedNumber("-")).toBe("-");
  expect(typedNumber("Infinity")).toBe("Infinity");
});

test("a number too large to be held exactly keeps all its digits", () => {
  expect(typedNumber("12345678901234567890")).toBe("12345678901234567890");
});
