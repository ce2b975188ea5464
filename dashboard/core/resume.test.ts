import { describe, expect, test } from "vitest";
import type { Frame } from "@/protocol/events";
import * as make from "@/testing/events";
import { reduceFrame } from "./reduce";
import { EMPTY, runOf, type State } from "./state";

const AT = 2_000;

function on(state: State, ...frames: readonly Frame[]): State {
  return frames.reduce((known, frame) => reduceFrame(known, frame, AT), state);
}

function runs(state: State): string[] {
  return [...state.live.keys(), ...state.finished.keys()];
}

/** `a` and `b` run, `c` has ended. */
const KNOWN = on(
  EMPTY,
  make.frame(
    7,
    make.hello("e1-0"),
    make.started("a", 1),
    make.started("b", 2),
    make.started("c", 3),
    make.delta(1, 0, "A"),
    make.delta(2, 0, "B"),
    make.delta(3, 0, "C"),
    make.final("c"),
  ),
);

test("a connection that goes on with its cursor keeps everything", () => {
  const state = on(KNOWN, make.frame(7, make.hello("e1-7")), make.frame(8, make.delta(1, 1, "more")));
  expect(runs(state)).toEqual(["a", "b", "c"]);
  expect(runOf(state, "a")?.fields[0]?.text).toBe("Amore");
  expect(runOf(state, "b")).toBe(runOf(KNOWN, "b"));
  expect(state.listed).toBeNull();
});

describe("after a gap", () => {
  const opening = [make.hello("e1-90"), make.gap("e1-90")];
  const grown = make.snapshot("a", 1, { next_sequence: 9, fields: [make.whole("a", "A and more")] });

  test("text is whole again, and the gap is known", () => {
    const state = on(KNOWN, make.frame(90, ...opening, grown), make.frame(91, make.delta(1, 9, "!")));
    expect(runOf(state, "a")?.fields[0]?.text).toBe("A and more!");
    expect(state.gaps.map(({ cursor }) => cursor)).toEqual(["e1-90"]);
  });

  test("unfinished runs that the snapshots do not list are forgotten, finished ones are known in full", () => {
    const state = on(KNOWN, make.frame(90, ...opening, grown));
    expect(runs(state)).toEqual(["a", "c"]);
    expect([...state.streams]).toEqual([[1, "a"]]);
  });

  test("a gap in the middle of a connection is the same", () => {
    const state = on(KNOWN, make.frame(90, make.gap("e1-90"), grown));
    expect(runs(state)).toEqual(["a", "c"]);
  });

  test("a run that ended meanwhile has ended", () => {
    const ended = make.snapshot("b", 2, {
      state: "completed",
      outcome: make.outcome(),
      next_sequence: 2,
      fields: [make.whole("b", "BB")],
    });
    const state = on(KNOWN, make.frame(90, ...opening, ended, grown));
    expect([...state.live.keys()]).toEqual(["a"]);
    expect([...state.finished.keys()]).toEqual(["c", "b"]);
    expect(state.finishedChars).toBe(3);
  });
});

describe("snapshots over several frames", () => {
  const first = make.partial(make.hello("e1-90"), make.gap("e1-90"), make.snapshot("b", 2));
  const last = make.frame(90, make.snapshot("a", 1));

  test("one cannot go on before the last of them, and nothing is forgotten before", () => {
    const midway = on(KNOWN, first);
    expect(midway.cursor).toBeNull();
    expect(runs(midway)).toEqual(["a", "b", "c"]);
    const state = on(midway, last);
    expect(state.cursor).toBe("e1-90");
    expect(runs(state)).toEqual(["b", "a", "c"]);
  });

  test("a connection that breaks off in between starts over, and lists anew", () => {
    const state = on(KNOWN, first, make.frame(95, make.hello("e1-95"), make.snapshot("a", 1)));
    expect(runs(state)).toEqual(["a", "c"]);
    expect(state).toMatchObject({ cursor: "e1-95", listed: null });
  });

  test("the sets of earlier states stay as they are", () => {
    const midway = on(KNOWN, first);
    const listed = [...(midway.listed ?? [])];
    on(midway, make.partial(make.snapshot("a", 1)), last);
    expect([...(midway.listed ?? [])]).toEqual(listed);
  });
});

test("a server that was started anew is another world: only what is known of gaps and metrics stays", () => {
  const before = on(KNOWN, make.frame(8, make.metrics(1)));
  const opening = {
    cursor: "e2-3",
    events: [make.hello("e2-3", "e2"), make.gap("e2-3"), make.snapshot("z", 1)],
  };
  const state = on(before, opening);
  expect(runs(state)).toEqual(["z"]);
  expect(state).toMatchObject({ epoch: "e2", cursor: "e2-3", finishedChars: 0, listed: null });
  expect(state.gaps).toHaveLength(1);
  expect(state.metrics).toBe(before.metrics);
});

describe("a snapshot", () => {
  test("tells when the run began, spoke and ended", () => {
    const times = { started_at: 1, activated_at: 2, first_token_at: 3, ended_at: 4 };
    const ended = make.snapshot("a", 1, { ...times, state: "completed", outcome: make.outcome() });
    const state = on(EMPTY, make.frame(9, make.hello("e1-9"), ended));
    expect(runOf(state, "a")).toMatchObject({ startedAt: 1, activatedAt: 2, firstTokenAt: 3, endedAt: 4 });
  });

  test.each([
    ["of a run that streams", {}, ""],
    ["of a run that has completed", { state: "completed", outcome: make.outcome() }, ""],
    ["of a run that waits", { state: "queued", decision: null, reason: "no slot" }, "no slot"],
    [
      "of a run that is held back",
      { decision: "queued", reason: "another one streams" },
      "another one streams",
    ],
    [
      "of a run that was cancelled",
      { state: "cancelled", reason: "the run was cancelled", outcome: make.outcome({ status: "cancelled" }) },
      "the run was cancelled",
    ],
    [
      "of a run that failed",
      {
        state: "failed",
        outcome: make.outcome({ status: "failed", error: { code: "x", message: "on strike" } }),
      },
      "on strike",
    ],
  ] as const)("%s says why as the events would", (_, part, reason) => {
    const state = on(EMPTY, make.frame(9, make.hello("e1-9"), make.snapshot("a", 1, part)));
    expect(runOf(state, "a")?.reason).toBe(reason);
  });

  test("does not take away why this attempt was started", () => {
    const retried = on(KNOWN, make.frame(8, make.attempt("a", 2, "it was cut off")));
    const same = on(retried, make.frame(90, make.gap("e1-90"), make.snapshot("a", 1, { attempt: 2 })));
    expect(runOf(same, "a")?.attemptReason).toBe("it was cut off");
    const another = on(retried, make.frame(90, make.gap("e1-90"), make.snapshot("a", 1, { attempt: 3 })));
    expect(runOf(another, "a")?.attemptReason).toBe("");
  });
});
