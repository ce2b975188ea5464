import { beforeEach, expect, test } from "vitest";
import * as make from "@/testing/events";
import { Draft } from "./draft";
import type { Run } from "./run";
import { runFromSnapshot } from "./run_birth";
import { EMPTY, MAX_FINISHED_CHARS, MAX_FINISHED_RUNS, MAX_PUBLICATIONS } from "./state";

function ended(name: string, text = ""): Run {
  const fields = text === "" ? [] : [make.whole(name, text)];
  return runFromSnapshot(make.snapshot(name, 1, { state: "completed", outcome: make.outcome(), fields }));
}

let draft: Draft;

beforeEach(() => {
  draft = new Draft(EMPTY);
});

test("so many finished runs are kept, the oldest go first", () => {
  for (let number = 0; number < MAX_FINISHED_RUNS + 3; number += 1) draft.put(ended(`run-${number}`, "x"));
  expect(draft.state.finished.size).toBe(MAX_FINISHED_RUNS);
  expect(draft.state.finishedChars).toBe(MAX_FINISHED_RUNS);
  expect(draft.state.finished.keys().next().value).toBe("run-3");
});

test("so much text of finished runs is kept: the oldest lose theirs, and stay", () => {
  const long = "x".repeat(MAX_FINISHED_CHARS / 4);
  for (let number = 0; number < 6; number += 1) draft.put(ended(`run-${number}`, long));
  expect([...draft.state.finished.values()].map(({ isTrimmed, chars }) => [isTrimmed, chars > 0])).toEqual([
    [true, false],
    [true, false],
    [false, true],
    [false, true],
    [false, true],
    [false, true],
  ]);
  expect(draft.state.finishedChars).toBe(MAX_FINISHED_CHARS);
});

test("a run that is forgotten takes its text with it", () => {
  draft.put(ended("a", "text"));
  draft.forget("a");
  draft.forget("never heard of");
  expect(draft.state).toMatchObject({ finishedChars: 0, finished: new Map() });
});

test("so many publications are kept", () => {
  const publication = {
    type: "artifact_published",
    ...make.ids("a"),
    artifact_type: "Post",
    derived_from: [],
    tags: [],
  } as const;
  for (let number = 0; number < MAX_PUBLICATIONS + 2; number += 1) {
    draft.publish({ ...publication, artifact_id: `${number}` });
    if (number % 1_000 === 0) draft = new Draft(draft.state);
  }
  draft = new Draft(draft.state);
  draft.publish({ ...publication, artifact_id: "last" });
  expect(draft.state.publications).toHaveLength(MAX_PUBLICATIONS);
  expect(draft.state.publications.at(-1)?.artifact_id).toBe("last");
});
