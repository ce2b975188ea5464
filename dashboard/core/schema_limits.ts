/** What a schema asks of a value, in words for the one who fills in the form. */

import type { JsonObject } from "@/protocol/events";

const EXAMPLES: Record<string, string> = {
  "date-time": "date and time, such as 2026-11-23T09:30:00Z",
  date: "date, such as 2026-11-23",
  time: "time, such as 09:30:00",
  duration: "duration, such as PT1H30M",
  uuid: "UUID",
  email: "e-mail address",
  uri: "URL",
  binary: "binary",
};

export function limits(schema: JsonObject): string {
  const parts = [range(schema), length(schema, "Length", "character"), length(schema, "Items", "item")];
  if (typeof schema.multipleOf === "number") parts.push(`a multiple of ${schema.multipleOf}`);
  if (schema.uniqueItems === true) parts.push("each once");
  if (typeof schema.format === "string") parts.push(EXAMPLES[schema.format] ?? schema.format);
  if (typeof schema.pattern === "string") parts.push(`matching ${schema.pattern}`);
  return parts.filter((part) => part !== "").join(", ");
}

function range(schema: JsonObject): string {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  if (typeof minimum === "number" && typeof maximum === "number") return `${minimum} to ${maximum}`;
  const parts = [
    typeof minimum === "number" ? `at least ${minimum}` : "",
    typeof above === "number" ? `more than ${above}` : "",
    typeof maximum === "number" ? `at most ${maximum}` : "",
    typeof below === "number" ? `less than ${below}` : "",
  ];
  return parts.filter((part) => part !== "").join(" and ");
}

function length(schema: JsonObject, what: "Length" | "Items", noun: string): string {
  const least = schema[`min${what}`];
  const most = schema[`max${what}`];
  const count = (number: number) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  if (typeof least === "number" && least > 0) {
    if (least === most) return count(least);
    return typeof most === "number" ? `${least} to ${count(most)}` : `at least ${count(least)}`;
  }
  return typeof most === "number" ? `at most ${count(most)}` : "";
}
