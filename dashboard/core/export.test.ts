import fc from "fast-check";
import { expect, test } from "vitest";
import { fileName, rawItems, runJson, runText } from "./export";
import { type Channel, type FieldText, fieldText } from "./field_text";

function field(text: string, channel: Partial<Channel> = {}): FieldText {
  const whole = {
    field: "body",
    outputType: "llm_token",
    kind: "text",
    step: 1,
    artifactId: "a",
    ...channel,
  } as const;
  return fieldText(whole, text);
}

test("the text of the only field is given byte for byte", () => {
  const text = " \r\n owls\t\u202e é 🦉\n\n";
  expect(runText([field("thinking", { outputType: "reasoning" }), field(text)])).toBe(text);
});

test("several fields stand under their names", () => {
  expect(runText([field("Owls", { field: "title" }), field("They fly.")])).toBe(
    "title:\nOwls\n\nbody:\nThey fly.",
  );
});

test("a run that wrote nothing gives nothing", () => {
  expect(runText([])).toBe("");
});

test("the record holds the texts of all fields, reasoning too", () => {
  const run = {
    run_id: "r",
    agent: "writer",
    correlation_id: "c",
    state: "completed",
    engine: "demo",
    model: null,
    simulated: true,
    inputs: [],
    artifacts: ["a"],
    depth: 1,
    retry_of: null,
    created_at: "2026-01-01T00:00:00Z",
    started_at: null,
    finished_at: null,
    outcome: null,
  } as const;
  const record = JSON.parse(runJson(run, [field("hm", { outputType: "reasoning" }), field("Owls")]));
  expect(record.run_id).toBe("r");
  expect(record.fields.map(({ text }: { text: string }) => text)).toEqual(["hm", "Owls"]);
});

test("the items of a page keep the digits that JavaScript would lose", () => {
  const items = ['{"count":1.0,"id":12345678901234567890}', '{"text":"a ] } \\" [ {","deep":[{"x":[]}]}'];
  expect(rawItems(`{"items":[${items.join(",")}],"next":null,"cursor":"e-1"}`)).toEqual(items);
});

test("whatever the items hold, each is found as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), fc.string(), (values, cursor) => {
      const items = values.map((value) => JSON.stringify(value));
      const page = `{"items": [${items.join(", ")}], "next": ${JSON.stringify(cursor)}, "cursor": "]}"}`;
      expect(rawItems(page)).toEqual(items);
    }),
  );
});

test("a file's name holds no separator, whatever the agent is called", () => {
  expect(fileName("../a b/писатель", "0123456789", "txt")).toBe("-a-b-писатель-01234567.txt");
});
