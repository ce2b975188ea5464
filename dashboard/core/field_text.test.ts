import fc from "fast-check";
import { expect, test } from "vitest";
import { type FieldText, fieldText, grown, textSince } from "./field_text";

const CHANNEL = { field: "text", outputType: "llm_token", kind: "text", step: 1, artifactId: "a" } as const;

test("however it came, the text is whole, and what is new of it is what was not there before", () => {
  const pieces = fc.array(fc.string({ unit: "binary", maxLength: 3 }), { maxLength: 300 });
  fc.assert(
    fc.property(fc.string(), pieces, fc.nat(), (start, more, looksAt) => {
      const states: FieldText[] = [fieldText(CHANNEL, start)];
      for (const piece of more) states.push(grown(states.at(-1) ?? fieldText(CHANNEL, ""), piece));
      const last = states.at(-1);
      const seen = states[looksAt % states.length];
      expect(last?.text).toBe(start + more.join(""));
      expect(last && seen && seen.text + textSince(last, seen.text.length)).toBe(last?.text);
    }),
  );
});

test("a field that grows is another one, and keeps its key", () => {
  const field = fieldText(CHANNEL, "one");
  const more = grown(field, " two");
  expect(field.text).toBe("one");
  expect(more).toMatchObject({ key: field.key, text: "one two" });
});
