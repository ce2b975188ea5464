import { expect, test } from "vitest";
import { boardRows, type Row, rowOfArtifact, rowOfPublication, takesRow } from "./board";
import { NO_FILTER } from "./route";

function row(id: string, change: Partial<Row> = {}): Row {
  return {
    id,
    type: "Post",
    producer: "writer",
    correlationId: "c1",
    runId: "r1",
    derivedFrom: [],
    tags: [],
    at: 0,
    ...change,
  };
}

const ids = (rows: readonly Row[]) => rows.map(({ id }) => id).join(" ");

test("what was just published stands above the list, the latest first", () => {
  expect(ids(boardRows([row("b"), row("a")], [row("c"), row("d")], "newest", false))).toBe("d c b a");
});

test("an artifact is listed once, however often it was announced and loaded", () => {
  const published = [row("b"), row("c"), row("c", { runId: null })];
  const rows = boardRows([row("b"), row("a")], published, "newest", true);
  expect(ids(rows)).toBe("c b a");
  expect(rows[0]?.runId).toBe("r1");
});

test("with the oldest first, what was just published waits for the end of the list", () => {
  expect(ids(boardRows([row("a")], [row("c")], "oldest", false))).toBe("a");
  expect(ids(boardRows([row("a"), row("b")], [row("b"), row("c")], "oldest", true))).toBe("a b c");
});

test("values of one key of a filter are alternatives, keys add up", () => {
  const filter = { ...NO_FILTER, agents: ["writer", "poet"], types: ["Post"] };
  const none = () => "";
  expect(takesRow(filter, row("a"), none)).toBe(true);
  expect(takesRow(filter, row("a", { producer: "critic" }), none)).toBe(false);
  expect(takesRow(filter, row("a", { type: "Poem", producer: "poet" }), none)).toBe(false);
  expect(takesRow({ ...NO_FILTER, correlations: ["c2"] }, row("a"), none)).toBe(false);
});

test("a text is looked for in ids, tags and the payload, whatever its case", () => {
  const search = (text: string, payload = "") =>
    takesRow({ ...NO_FILTER, text }, row("a1", { tags: ["Urgent"] }), () => payload);
  expect(search("A1")).toBe(true);
  expect(search("urgent")).toBe(true);
  expect(search("owls")).toBe(false);
  expect(search("owls", '{"topic":"Owls"}')).toBe(true);
});

test("the event and the artifact it tells of give the same row but for the time", () => {
  const published = rowOfPublication({
    type: "artifact_published",
    timestamp: 5,
    artifact_id: "a",
    artifact_type: "Post",
    agent_name: "writer",
    correlation_id: "c1",
    run_id: "r1",
    derived_from: ["t"],
    tags: ["x"],
  });
  const loaded = rowOfArtifact({
    id: "a",
    type: "Post",
    payload: {},
    produced_by: "writer",
    correlation_id: "c1",
    run_id: "r1",
    derived_from: ["t"],
    tags: ["x"],
    visibility: {},
    created_at: "1970-01-01T00:00:04+00:00",
  });
  expect(loaded).toEqual({ ...published, at: 4 });
});
