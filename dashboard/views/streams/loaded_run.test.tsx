// @vitest-environment happy-dom

import { createServer, type RequestListener, type Server } from "node:http";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import type { DetachedWindowAPI } from "happy-dom";
import { afterEach, expect, test } from "vitest";
import { Draft } from "@/core/draft";
import { runFromSnapshot } from "@/core/run_birth";
import { EMPTY, runOf } from "@/core/state";
import type { WireEvent } from "@/protocol/events";
import { StoreContext, useRun } from "@/store";
import * as make from "@/testing/events";
import { Loadable, storeOf } from "./loaded_run";
import { Notes } from "./notes";

declare global {
  interface Window {
    readonly happyDOM?: DetachedWindowAPI;
  }
}

let server: Server;
let asked: string[] = [];

/** Serve to the page around, from its own origin. */
async function serve(answer: RequestListener): Promise<void> {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  window.happyDOM?.setURL(`http://127.0.0.1:${address.port}/`);
}

afterEach(async () => {
  cleanup();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function Text() {
  return <p>{useRun("a", ({ fields }) => fields.map(({ text }) => text).join("")) ?? "unknown"}</p>;
}

/** Draw a run whose text the page has let go of. */
async function drawTrimmed() {
  const draft = new Draft(EMPTY);
  const ended = { state: "completed", outcome: make.outcome() } as const;
  draft.put({ ...runFromSnapshot(make.snapshot("a", 1, ended)), isTrimmed: true });
  const store = storeOf(draft.state);
  render(
    <StoreContext value={store}>
      <Loadable runId="a">
        <Text />
        <Notes runId="a" size="large" />
      </Loadable>
    </StoreContext>,
  );
  fireEvent.click(await screen.findByRole("button", { name: "Load it from the server" }));
  return store;
}

function written(sequence: number, text: string): WireEvent {
  const place = { output_type: "llm_token", field: "text", artifact_id: "a-first" } as const;
  const { outcome: _, ...rest } = make.final("a");
  return { ...rest, ...place, is_final: false, sequence, content: text, count: 1 };
}

test("the text of a run that the page has let go of is loaded from the server, page by page, for its pane alone", async () => {
  await serve((request, response) => {
    const isFirst = !request.url?.includes("cursor=");
    const items = isFirst
      ? [make.started("a", 1), make.activated("a"), written(0, "hoot ")]
      : [written(1, "hoot"), { ...make.final("a"), sequence: 2 }];
    const next = isFirst ? "e1-3" : null;
    response.end(JSON.stringify({ items, next, cursor: next ?? "e1-5" }));
  });
  const store = await drawTrimmed();
  await screen.findByText("hoot hoot");
  expect(screen.queryByText(/has let go of the text/)).toBeNull();
  expect(asked).toEqual([
    "/api/v1/runs/a/events?limit=10000",
    "/api/v1/runs/a/events?cursor=e1-3&limit=10000",
  ]);
  expect(runOf(store.state(), "a")?.isTrimmed).toBe(true);
});

test("where the server refuses, its words stand beside the button", async () => {
  await serve((_, response) => {
    const error = { code: "FLK-NAME", message: "There is no run 'a'.", hint: "List them." };
    response.writeHead(404).end(JSON.stringify({ error }));
  });
  await drawTrimmed();
  await screen.findByText(/There is no run 'a'/);
  expect(screen.getByRole("button", { name: "Load it from the server" })).toBeDefined();
});

test("where the server has let go of the run's events, too, the pane says so and stays as it is", async () => {
  await serve((_, response) => {
    response.end(JSON.stringify({ items: [make.gap("e1-9")], next: null, cursor: "e1-9" }));
  });
  await drawTrimmed();
  await screen.findByText(/The server no longer has the events of this run/);
  expect(screen.getByText(/has let go of the text/)).toBeDefined();
});
