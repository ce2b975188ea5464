import { describe, expect, it } from "vitest";
import { textShapeOf } from "./text_kind";

describe("textShapeOf", () => {
  it("takes prose for plain text, whatever stands in it", () => {
    for (const text of [
      "",
      "Ask ten people.",
      "import duties rose",
      "a * b * c",
      "class is over",
      "let us go",
    ])
      expect(textShapeOf(text)).toBe("plain");
  });

  it("knows markdown by its headings, lists, quotes, fences, tables, and by what it stresses", () => {
    for (const text of [
      "# Owls",
      "Owls:\n\n- one",
      "1. one",
      "> said",
      "```\nx\n```",
      "| a | b |",
      "**very**",
      "`x`",
    ])
      expect(textShapeOf(text)).toBe("markdown");
  });

  it("knows a program by how it begins, also with comments that look like headings", () => {
    for (const text of [
      "def f(x):\n    # Owls\n    return x",
      "const x = 1;",
      "#!/bin/sh\n# go",
      "SELECT * FROM owls",
    ])
      expect(textShapeOf(text)).toBe("code");
  });
});
