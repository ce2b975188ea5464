/** What a run leaves the page as: its text, its record, its events. Nothing in it is written another way than it came. */

import type { RunBody } from "@/protocol/api";
import type { WireEvent } from "@/protocol/events";
import { reduce } from "./reduce";
import type { FieldText, Run } from "./run";
import { EMPTY, runOf } from "./state";

/** Give what an agent wrote: its only field as it is, several under their names; reasoning and tools are not among it. */
export function runText(fields: readonly FieldText[]): string {
  const written = fields.filter((field) => field.outputType === "llm_token");
  const [only] = written;
  if (only !== undefined && written.length === 1) return only.text;
  return written.map(({ field, text }) => `${field ?? "text"}:\n${text}`).join("\n\n");
}

/** Give the run as the server knows it, with the text of all its fields, as JSON. */
export function runJson(run: RunBody, fields: readonly FieldText[]): string {
  const texts = fields.map(({ field, outputType, kind, step, artifactId, text }) => ({
    field,
    output_type: outputType,
    kind,
    step,
    artifact_id: artifactId,
    text,
  }));
  return `${JSON.stringify({ ...run, fields: texts }, null, 2)}\n`;
}

/** Give the run that events tell of, undefined where they do not. */
export function runFromEvents(events: readonly WireEvent[], runId: string): Run | undefined {
  return runOf(
    events.reduce((state, event) => reduce(state, event, event.timestamp), EMPTY),
    runId,
  );
}

/** Give the items of a page of the API, each as the server wrote it: reading and writing them would change numbers. */
export function rawItems(page: string): string[] {
  const items: string[] = [];
  const list = page.indexOf('"items":') + '"items":'.length;
  let depth = 0;
  let start = -1;
  for (let at = page.indexOf("[", list); at < page.length; at += 1) {
    const char = page[at];
    if (char === '"') at = endOfString(page, at);
    else if (char === "[" || char === "{") {
      depth += 1;
      if (depth === 2) start = at;
    } else if (char === "]" || char === "}") {
      depth -= 1;
      if (depth === 1) items.push(page.slice(start, at + 1));
      if (depth === 0) break;
    }
  }
  return items;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** Give a name for a file of a run: what no file system minds. */
export function fileName(agent: string, runId: string, extension: string): string {
  const safe = agent.replaceAll(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 60) || "run";
  return `${safe}-${runId.slice(0, 8)}.${extension}`;
}
