import { describe, expect, test } from "vitest";
import type { Frame } from "@/protocol/events";
import * as make from "@/testing/events";
import { reduce, reduceFrame } from "./reduce";
import { EMPTY, MAX_GAPS, METRICS_SPAN_S, runOf, type State } from "./state";

const AT = 2_000;

function reduced(...frames: readonly Frame[]): State {
  return frames.reduce((state, frame) => reduceFrame(state, frame, AT), EMPTY);
}

function text(state: State, run: string): string {
  return (
    runOf(state, run)
      ?.fields.map((field) => `${field.field}=${field.text}`)
      .join("|") ?? "unknown"
  );
}

const BEGUN = make.frame(2, make.hello("e1-0"), make.started("a", 1), make.activated("a"));

describe("a run", () => {
  test("grows delta by delta, field by field", () => {
    const state = reduced(
      BEGUN,
      make.frame(5, make.delta(1, 0, "Ti", "title"), make.delta(1, 1, "tle", "title", 2)),
    );
    const more = reduceFrame(state, make.frame(6, make.delta(1, 3, "Body", "body")), AT);
    expect(text(more, "a")).toBe("title=Title|body=Body");
    expect(runOf(more, "a")).toMatchObject({ state: "running", next: 4, chars: 9, firstTokenAt: AT });
  });

  test("keeps text of other types, steps and artifacts apart", () => {
    const state = reduced(
      BEGUN,
      make.frame(
        6,
        [1, ["text", "reasoning", "text", 1, null], 0, 1, "thinking"],
        [1, ["text", "llm_token", "text", 2, 0], 1, 1, "second step"],
        [1, ["text", "llm_token", "text", 1, 1], 2, 1, "second artifact"],
        make.delta(1, 3, "usual"),
      ),
    );
    expect(
      runOf(state, "a")?.fields.map((field) => [field.outputType, field.step, field.artifactId, field.text]),
    ).toEqual([
      ["reasoning", 1, null, "thinking"],
      ["llm_token", 2, "a-first", "second step"],
      ["llm_token", 1, "a-second", "second artifact"],
      ["llm_token", 1, "a-first", "usual"],
    ]);
  });

  test("drops what an earlier attempt showed, and goes on with the sequence", () => {
    const state = reduced(
      BEGUN,
      make.frame(4, make.delta(1, 0, "wrong"), make.attempt("a", 2), make.delta(1, 1, "right")),
    );
    expect(text(state, "a")).toBe("text=right");
    expect(runOf(state, "a")).toMatchObject({
      attempt: 2,
      attemptReason: "the answer did not fit",
      next: 2,
      chars: 5,
    });
  });

  test("says why it waits, and no longer when it works", () => {
    const waiting = reduced(
      make.frame(2, make.started("a", 1), { type: "agent_queued", ...make.ids("a"), reason: "no slot" }),
    );
    expect(runOf(waiting, "a")).toMatchObject({ state: "queued", reason: "no slot" });
    const working = reduceFrame(waiting, make.frame(3, make.activated("a", 1_005)), AT);
    expect(runOf(working, "a")).toMatchObject({ state: "running", reason: "", activatedAt: 1_005 });
  });

  test("says why it does not stream to viewers", () => {
    const decided = { type: "stream_decision", ...make.ids("a"), mode: "cli", active_streams: 1 } as const;
    const held = reduced(
      BEGUN,
      make.frame(3, { ...decided, decision: "queued", reason: "another one streams" }),
    );
    expect(runOf(held, "a")).toMatchObject({ decision: "queued", reason: "another one streams" });
    const shown = reduced(BEGUN, make.frame(3, { ...decided, decision: "stream", reason: "all do" }));
    expect(runOf(shown, "a")).toMatchObject({ decision: "stream", reason: "" });
  });

  test("ends with its outcome, and moves to the finished ones", () => {
    const state = reduced(BEGUN, make.frame(9, make.delta(1, 0, "all"), make.final("a")));
    expect([...state.live.keys()]).toEqual([]);
    expect(state.streams.size).toBe(0);
    expect(state.finishedChars).toBe(3);
    expect(runOf(state, "a")).toMatchObject({ state: "completed", endedAt: 1_009, reason: "" });
  });

  test("whose first token arrives late, merged with what was missed, spoke after the event before it", () => {
    const state = reduced(
      make.frame(
        9,
        make.hello("e1-0"),
        make.started("a", 1),
        make.activated("a", 1_005),
        make.delta(1, 0, "x"),
      ),
    );
    expect(runOf(state, "a")?.firstTokenAt).toBe(1_005);
    const ahead = reduced(
      make.frame(
        9,
        make.hello("e1-0"),
        make.started("a", 1),
        make.activated("a", AT + 9),
        make.delta(1, 0, "x"),
      ),
    );
    expect(runOf(ahead, "a")?.firstTokenAt).toBe(AT);
  });

  test("tells the measured time of its first token at the end, not when that arrived here", () => {
    const state = reduced(
      BEGUN,
      make.frame(9, make.delta(1, 0, "x"), make.final("a", { time_to_first_token_ms: 250 })),
    );
    expect(runOf(state, "a")?.firstTokenAt).toBe(1_000.25);
  });

  test("says why it failed or was cancelled", () => {
    const error = { code: "model", message: "the model is on strike" };
    const failed = reduced(
      BEGUN,
      make.frame(
        4,
        { type: "agent_failed", ...make.ids("a"), error },
        make.final("a", { status: "failed", error }),
      ),
    );
    expect(runOf(failed, "a")).toMatchObject({ state: "failed", reason: "the model is on strike" });
    const reason = "the run was cancelled";
    const cancelled = reduced(
      BEGUN,
      make.frame(
        4,
        { type: "agent_cancelled", ...make.ids("a"), reason },
        make.final("a", { status: "cancelled" }),
      ),
    );
    expect(runOf(cancelled, "a")).toMatchObject({ state: "cancelled", reason });
  });
});

describe("what does not fit", () => {
  test.each([
    ["a delta that is missing", make.delta(1, 2, "late")],
    ["a delta that comes twice", make.delta(1, 0, "again")],
  ])("%s breaks the connection, and is not shown", (_, misfit) => {
    const state = reduced(BEGUN, make.frame(3, make.delta(1, 0, "one")), make.frame(4, misfit));
    expect(state).toMatchObject({ isBroken: true, misfits: 1, cursor: null });
    expect(text(state, "a")).toBe("text=one");
  });

  test.each([
    ["an unknown stream", 7],
    ["a stream that has ended", 1],
  ])("text of %s breaks the connection", (_, stream) => {
    const state = reduced(BEGUN, make.frame(3, make.final("a")), make.frame(4, make.delta(stream, 0, "x")));
    expect(state).toMatchObject({ isBroken: true, cursor: null });
  });

  test("is repaired by the snapshots of the next connection", () => {
    const broken = reduced(BEGUN, make.frame(4, make.delta(1, 1, "b")));
    const opening = make.frame(
      4,
      make.hello("e1-4"),
      make.snapshot("a", 1, { next_sequence: 2, fields: [make.whole("a", "ab")] }),
    );
    const state = reduceFrame(broken, opening, AT);
    expect(state).toMatchObject({ isBroken: false, misfits: 1, cursor: "e1-4", listed: null });
    expect(text(reduceFrame(state, make.frame(5, make.delta(1, 2, "c")), AT), "a")).toBe("text=abc");
  });
});

describe("identity", () => {
  test("a delta changes only its run", () => {
    const before = reduced(BEGUN, make.frame(3, make.started("b", 2), make.started("c", 3), make.final("c")));
    const state = reduceFrame(before, make.frame(4, make.delta(1, 0, "x")), AT);
    expect(runOf(state, "a")).not.toBe(runOf(before, "a"));
    expect(runOf(state, "b")).toBe(runOf(before, "b"));
    for (const part of ["finished", "streams", "publications", "metrics", "gaps"] as const) {
      expect(state[part]).toBe(before[part]);
    }
  });

  test("a delta leaves the run's other fields as they are", () => {
    const before = reduced(
      BEGUN,
      make.frame(4, make.delta(1, 0, "T", "title"), make.delta(1, 1, "B", "body")),
    );
    const state = reduceFrame(before, make.frame(5, make.delta(1, 2, "ody", "body")), AT);
    expect(runOf(state, "a")?.fields[0]).toBe(runOf(before, "a")?.fields[0]);
  });

  test("what was is never changed", () => {
    const states = [EMPTY];
    const frames = [
      BEGUN,
      make.frame(3, make.started("b", 2)),
      make.frame(4, make.final("b")),
      make.frame(5, make.metrics(1)),
    ];
    for (const one of frames) states.push(reduceFrame(states.at(-1) ?? EMPTY, one, AT));
    expect(
      states.map(({ live, finished, streams, metrics }) => [
        live.size,
        finished.size,
        streams.size,
        metrics.length,
      ]),
    ).toEqual([
      [0, 0, 0, 0],
      [1, 0, 1, 0],
      [2, 0, 2, 0],
      [1, 1, 1, 0],
      [1, 1, 1, 1],
    ]);
  });

  test("an empty frame changes nothing but the cursor", () => {
    const before = reduced(BEGUN);
    expect(reduceFrame(before, make.frame(8), AT)).toEqual({ ...before, cursor: "e1-8" });
  });
});

describe("what is kept beside the runs", () => {
  test("metrics reach back so far", () => {
    const times = [0, 1, METRICS_SPAN_S + 0.5];
    const state = times.reduce((known, time) => reduce(known, make.metrics(time), AT), EMPTY);
    expect(state.metrics.map(({ timestamp }) => timestamp)).toEqual([1, METRICS_SPAN_S + 0.5]);
  });

  test("so many gaps are kept", () => {
    const gaps = Array.from({ length: MAX_GAPS + 5 }, (_, number) => make.gap(`e1-${number}`));
    const state = gaps.reduce((known, gap) => reduce(known, gap, AT), EMPTY);
    expect(state.gaps.map(({ cursor }) => cursor)).toEqual(gaps.slice(5).map(({ cursor }) => cursor));
  });
});
