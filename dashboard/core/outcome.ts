/** Authoritative values: where a field's streamed text is not its value, the value takes its place. */

import type { FieldOutcome, Outcome } from "@/protocol/events";
import { type FieldText, fieldText } from "./field_text";
import type { Run } from "./run";

/** Give the run with the values that its outcome holds. */
export function corrected(run: Run, outcome: Outcome): Run {
  const wrong = outcome.fields.filter(({ matches, value }) => !matches && value !== undefined);
  if (wrong.length === 0) return run;
  const fields = wrong.reduce(withValue, run.fields);
  return { ...run, fields, chars: fields.reduce((sum, field) => sum + field.text.length, 0) };
}

function withValue(
  fields: readonly FieldText[],
  { artifact_id: artifactId, field: name, value }: FieldOutcome,
) {
  const pointer = name.replaceAll("~", "~0").replaceAll("/", "~1");
  const isStreamed = (field: FieldText) =>
    field.outputType === "llm_token" &&
    field.artifactId === artifactId &&
    (field.field === pointer || field.field?.startsWith(`${pointer}/`) === true);
  const place = fields.findIndex(isStreamed);
  const others = fields.filter((field) => !isStreamed(field));
  return others.toSpliced(place === -1 ? others.length : place, 0, valueText(artifactId, pointer, value));
}

function valueText(artifactId: string, field: string, value: unknown): FieldText {
  const isText = typeof value === "string";
  const kind = isText ? "text" : "json";
  const channel = { field, outputType: "llm_token", kind, step: 1, artifactId } as const;
  return fieldText(channel, isText ? value : JSON.stringify(value, null, 2));
}
