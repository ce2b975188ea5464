/** What leaves the page: into the clipboard, or into a file. */

import { rawItems, runFromEvents, runJson, runText } from "@/core/export";
import type { FieldText } from "@/core/run";
import { runOf } from "@/core/state";
import type { WireEvent } from "@/protocol/events";
import type { Store } from "@/store";
import { ApiError, api } from "@/transport/api";

/** Give a run's text; asks the server where the page has let go of it. */
export async function textOfRun(store: Store, runId: string): Promise<string> {
  return runText(await fieldsOfRun(store, runId));
}

export async function jsonOfRun(store: Store, runId: string): Promise<string> {
  const [run, fields] = await Promise.all([api.run(runId), fieldsOfRun(store, runId)]);
  return runJson(run, fields);
}

/** Give all events of a run, one in a line, each as the server wrote it. */
export async function ndjsonOfRun(runId: string): Promise<string> {
  const lines: string[] = [];
  await eachPage(async (cursor) => {
    const text = await api.runEventsText(runId, cursor);
    for (const item of rawItems(text)) lines.push(`${item}\n`);
    const { next }: { next: string | null } = JSON.parse(text);
    return next;
  });
  return lines.join("");
}

async function fieldsOfRun(store: Store, runId: string): Promise<readonly FieldText[]> {
  const known = runOf(store.liveState(), runId);
  if (known !== undefined && !known.isTrimmed) return known.fields;
  const events: WireEvent[] = [];
  await eachPage(async (cursor) => {
    const page = await api.runEvents(runId, cursor);
    events.push(...page.items);
    return page.next;
  });
  const run = runFromEvents(events, runId);
  if (run === undefined)
    throw new ApiError(404, "", "The server no longer has the events of this run.", null, []);
  return run.fields;
}

async function eachPage(read: (cursor: string | null) => Promise<string | null>): Promise<void> {
  let cursor: string | null = null;
  do cursor = await read(cursor);
  while (cursor !== null);
}

/** Save a text as a file, without asking anybody but the browser. */
export function download(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  const address = URL.createObjectURL(new Blob([text], { type }));
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
