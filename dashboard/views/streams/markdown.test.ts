import fc from "fast-check";
import { lexer } from "marked";
import { describe, expect, it } from "vitest";
import { type Block, Markdown } from "./markdown";

const PARTS = [
  "# Owls\n\n",
  "Owls hunt *by night*, and **hear** a mouse.\n\n",
  "- one\n- two\n\n",
  "1. first\n2. second\n",
  "```py\nprint('owl')\n\n```\n\n",
  "> said the owl\n\n",
  "| a | b |\n| - | - |\n| 1 | 2 |\n\n",
  "text that goes on\nin the next line\n\n",
  "---\n\n",
  "<b>bold</b>\n\n",
];

function shapes(blocks: readonly Block[]) {
  return blocks.map(({ at, token }) => [at, token.type, token.raw.trimEnd()]);
}

function expectPlain(blocks: readonly Block[], text: string) {
  expect(blocks.map(({ token }) => token.type)).toEqual(blocks.map(() => "text"));
  expect(blocks.map(({ token }) => token.raw).join("")).toBe(text);
}

function grow(text: string, cuts: readonly number[]): readonly Block[] {
  const markdown = new Markdown();
  for (const cut of [...cuts].sort((one, other) => one - other)) markdown.read(text.slice(0, cut));
  return markdown.read(text);
}

describe("Markdown", () => {
  it("gives the same blocks however the text came", () => {
    const texts = fc
      .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(400), { maxLength: 30 }), (text, cuts) => {
        expect(shapes(grow(text, cuts))).toEqual(shapes(new Markdown().read(text)));
      }),
      { numRuns: 200 },
    );
  });

  it("leaves out no character of what was said", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab \n#*_-`>|[]()!<1.") }), (text) => {
        const said = lexer(text).map(({ raw }) => raw);
        const blocks = new Markdown().read(text);
        expect(blocks.map(({ token }) => token.raw).join("")).toBe(
          said.filter((raw) => raw.trim() !== "").join(""),
        );
      }),
    );
  });

  it("keeps finished blocks as they are while the last one grows", () => {
    const markdown = new Markdown();
    const [first] = markdown.read("one\n\ntwo");
    const [again, second] = markdown.read("one\n\ntwo and more");
    expect(again).toBe(first);
    expect(second?.token.raw).toBe("two and more");
  });

  it("starts over with another text", () => {
    const markdown = new Markdown();
    markdown.read("# one\n\ntwo\n\nthree");
    expect(shapes(markdown.read("other"))).toEqual([[0, "paragraph", "other"]]);
  });

  it("shows what is nested without an end as it stands", () => {
    for (const text of [">".repeat(5000), "- ".repeat(5000), "[".repeat(5000), "*a ".repeat(5000)])
      expectPlain(new Markdown().read(text), text);
  });

  it("shows a block without an end as it stands, and draws only the end of it again", () => {
    const markdown = new Markdown();
    const text = "- an item\n".repeat(2000);
    const before = markdown.read(text);
    const after = markdown.read(`${text}- another\n`);
    expectPlain(after, `${text}- another\n`);
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(after[0]).toBe(before[0]);
  });

  it("reads a long text that is there at once", () => {
    const text = `${PARTS.join("")}${"words ".repeat(50)}\n\n`.repeat(80);
    expect(text.length).toBeGreaterThan(30_000);
    const types = new Set(new Markdown().read(text).map(({ token }) => token.type));
    expect([...types].sort()).toEqual(["blockquote", "code", "heading", "hr", "list", "paragraph", "table"]);
  });

  it("takes what comes behind thousands of blocks as it stands", () => {
    const blocks = new Markdown().read("a *b*\n\n".repeat(5000));
    expect(blocks.at(-1)?.token.type).toBe("text");
    expect(blocks.length).toBeLessThan(5000);
  });

  it("reads line ends of all systems", () => {
    expect(new Markdown().read("one\r\n\r\ntwo").map(({ token }) => token.type)).toEqual([
      "paragraph",
      "paragraph",
    ]);
  });
});
