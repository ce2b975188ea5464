import { describe, expect, it } from "vitest";
import { type Channel, fieldText } from "./field_text";
import { containerOf, partsOf, pointerNames, sectionsOf, toolCallOf } from "./partial";

function field(name: string | null, change: Partial<Channel> = {}) {
  const channel = {
    field: name,
    outputType: "llm_token",
    kind: "text",
    step: 1,
    artifactId: "a1",
    ...change,
  } as const;
  return fieldText(channel, "");
}

describe("partsOf", () => {
  it("gives fields in the order in which they began", () => {
    expect(partsOf([field("title"), field("score", { kind: "json" })])).toMatchObject([
      { kind: "leaf", label: "title", isText: true },
      { kind: "leaf", label: "score", isText: false },
    ]);
  });

  it("puts nested pointers inside of what holds them", () => {
    expect(
      partsOf([field("goal"), field("steps/0/title"), field("steps/0/minutes"), field("steps/1/title")]),
    ).toMatchObject([
      { label: "goal" },
      {
        kind: "group",
        label: "steps",
        isList: true,
        parts: [
          { kind: "group", label: "0", isList: false, parts: [{ label: "title" }, { label: "minutes" }] },
          { kind: "group", label: "1", parts: [{ label: "title" }] },
        ],
      },
    ]);
  });

  it("takes numbers beside names for names", () => {
    expect(partsOf([field("years/1999"), field("years/many")])).toMatchObject([{ isList: false }]);
  });

  it("shows a place that has text of its own and parts below it as both", () => {
    expect(partsOf([field("tags", { kind: "json" }), field("tags/0")])).toMatchObject([
      { kind: "leaf", label: "tags" },
      { kind: "group", label: "tags" },
    ]);
  });

  it("tells equal names in different places apart", () => {
    const [first, second] = partsOf([field("a/b/x"), field("c/b/x")]);
    expect(first).toMatchObject({ pointer: "/a", parts: [{ pointer: "/a/b" }] });
    expect(second).toMatchObject({ pointer: "/c", parts: [{ pointer: "/c/b" }] });
  });
});

describe("pointerNames", () => {
  it("undoes what a pointer escapes", () => {
    expect(pointerNames("a~1b/~0c/~01")).toEqual(["a/b", "~c", "~1"]);
  });

  it("has no name where there is no pointer", () => {
    expect(pointerNames(null)).toEqual([""]);
  });
});

describe("sectionsOf", () => {
  it("keeps the fields of an artifact together, and everything else where it came", () => {
    const sections = sectionsOf([
      field(null, { outputType: "reasoning", artifactId: null }),
      field("title"),
      field(null, { outputType: "tool_call", artifactId: null }),
      field("body"),
      field("title", { artifactId: "a2" }),
      field(null, { outputType: "stderr", artifactId: null }),
    ]);
    expect(sections).toMatchObject([
      { kind: "reasoning" },
      { kind: "form", artifactId: "a1", parts: [{ label: "title" }, { label: "body" }] },
      { kind: "tool_call" },
      { kind: "form", artifactId: "a2", parts: [{ label: "title" }] },
      { kind: "log" },
    ]);
  });
});

describe("containerOf", () => {
  it("gives whole objects and lists alone", () => {
    expect(containerOf(' {"a": [1]}')).toEqual({ a: [1] });
    for (const text of ["[1, 2", "7", '"text"', "null", ""]) expect(containerOf(text)).toBeUndefined();
  });
});

describe("toolCallOf", () => {
  it("reads a call with its arguments", () => {
    expect(toolCallOf('{"name": "search", "arguments": {"query": "owls", "limit": 3}}')).toEqual({
      name: "search",
      rest: 'query: "owls", limit: 3',
    });
  });

  it("reads a model's own call, also while it grows", () => {
    expect(toolCallOf('search {"query": "ow')).toEqual({ name: "search", rest: '{"query": "ow' });
    expect(toolCallOf("sea")).toEqual({ name: "sea", rest: "" });
  });
});
