// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { type Channel, fieldText, grown } from "@/core/field_text";
import { reduce } from "@/core/reduce";
import type { Run } from "@/core/run";
import { EMPTY } from "@/core/state";
import { TextWriter } from "./text_writer";

const CHANNEL: Channel = { field: "body", outputType: "llm_token", kind: "text", step: 1, artifactId: "a" };

function aRun(change: Partial<Run> = {}): Run {
  const event = {
    type: "stream_started",
    timestamp: 1,
    correlation_id: "c",
    agent_name: "writer",
    run_id: "r",
    stream: 1,
    artifacts: [],
    inputs: [],
    engine: "test",
    model: null,
    simulated: false,
    priority: "normal",
  } as const;
  const run = reduce(EMPTY, event, 1).live.get("r");
  if (run === undefined) throw new Error("the run did not start");
  return { ...run, ...change };
}

function setUp(tail: number | null = null) {
  const place = document.createElement("div");
  return { place, writer: new TextWriter(place, tail) };
}

/** Give the text as a reader sees it: every piece begins a line. */
function shown(place: HTMLElement): string {
  return [...place.children].map((piece) => piece.textContent).join("\n");
}

describe("TextWriter", () => {
  it("writes what is new behind what is there", () => {
    const { place, writer } = setUp();
    const field = fieldText(CHANNEL, "one");
    writer.write(field, aRun());
    const node = place.firstChild?.firstChild;
    writer.write(grown(field, " two"), aRun());
    expect(shown(place)).toBe("one two");
    expect(place.firstChild?.firstChild).toBe(node);
  });

  it("divides long texts at line ends, and changes no character", () => {
    const { place, writer } = setUp();
    let field = fieldText(CHANNEL, "");
    for (let line = 0; line < 400; line += 1) {
      field = grown(field, line % 3 === 0 ? "a line of words\n" : "and more\n\n");
      writer.write(field, aRun());
    }
    expect(place.children.length).toBeGreaterThan(3);
    expect(shown(place)).toBe(field.text);
  });

  it("divides a line without an end, and leaves out no character of it", () => {
    for (const word of ["owl ", "🦉"]) {
      const { place, writer } = setUp();
      const text = word.repeat(10_000);
      writer.write(fieldText(CHANNEL, text), aRun());
      expect(place.children.length).toBeGreaterThan(2);
      expect(place.textContent).toBe(text);
    }
  });

  it("starts over where another attempt begins", () => {
    const { place, writer } = setUp();
    writer.write(fieldText(CHANNEL, "what failed"), aRun());
    writer.write(fieldText(CHANNEL, "what came after it"), aRun({ attempt: 2 }));
    expect(shown(place)).toBe("what came after it");
  });

  it("shows the value that takes the place of what was streamed", () => {
    const { place, writer } = setUp();
    writer.write(fieldText(CHANNEL, "streamed"), aRun());
    writer.write(fieldText(CHANNEL, "corrected value"), aRun({ state: "completed" }));
    expect(shown(place)).toBe("corrected value");
  });

  it("goes back in a replay", () => {
    const { place, writer } = setUp();
    writer.write(fieldText(CHANNEL, "one two"), aRun());
    writer.write(fieldText(CHANNEL, "one"), aRun());
    expect(shown(place)).toBe("one");
  });

  it("shows the end of a text where there is room for no more", () => {
    const { place, writer } = setUp(20);
    let field = fieldText(CHANNEL, "");
    for (let word = 0; word < 200; word += 1) {
      field = grown(field, `w${word} `);
      writer.write(field, aRun());
      expect(place.textContent?.length).toBeLessThanOrEqual(42);
      expect(place.textContent?.endsWith(`w${word} `)).toBe(true);
    }
  });

  it("writes out what would turn the order of the text around", () => {
    const { place, writer } = setUp();
    writer.write(fieldText(CHANNEL, "a\u202eb"), aRun());
    expect(shown(place)).toBe("a\\u202eb");
  });
});
