import { describe, expect, it } from "vitest";
import { Seating } from "./arrangement";
import { reduce } from "./reduce";
import { NO_FILTER } from "./route";
import { EMPTY, type State } from "./state";

const common = (run: string, agent: string) => ({
  timestamp: 1,
  correlation_id: "c",
  agent_name: agent,
  run_id: run,
});

let streams = 0;

function queued(state: State, run: string, agent = run): State {
  streams += 1;
  const event = {
    ...common(run, agent),
    timestamp: 1 + streams / 1e6,
    type: "stream_started",
    stream: streams,
    artifacts: [],
    inputs: [],
    engine: "test",
    model: null,
    simulated: false,
    priority: "normal",
  } as const;
  return reduce(state, event, 1);
}

function started(state: State, run: string, agent = run): State {
  const known = state.live.has(run) ? state : queued(state, run, agent);
  return reduce(known, { ...common(run, agent), type: "agent_activated", inputs: [] }, 1);
}

function ended(state: State, run: string, at: number): State {
  const event = {
    ...common(run, run),
    timestamp: at,
    type: "streaming_output",
    output_type: "llm_token",
    content: "",
    sequence: 0,
    is_final: true,
    attempt: 1,
    step: 1,
    field: null,
    kind: "text",
    count: 0,
    artifact_id: null,
    outcome: {
      status: "completed",
      error: null,
      finish_reason: null,
      chunks: 0,
      usage: {},
      time_to_first_token_ms: null,
      duration_ms: 1,
      fields: [],
    },
  } as const;
  return reduce(state, event, at);
}

const all = (names: string, change: (state: State, run: string) => State, from: State = EMPTY) =>
  [...names].reduce(change, from);

const start = (state: State, run: string) => started(state, run);

describe("Seating", () => {
  it("seats runs in the order in which they began, and has as many seats as there are", () => {
    const { order, seats } = new Seating().arrange(all("abcde", start), NO_FILTER, [], 0);
    expect(order.join("")).toBe("abcde");
    expect(seats).toBe(5);
  });

  it("moves nobody when a run ends", () => {
    const seating = new Seating();
    const before = all("abcdef", start);
    seating.arrange(before, NO_FILTER, [], 0);
    const { order, seats } = seating.arrange(ended(ended(before, "b", 2), "a", 3), NO_FILTER, [], 1);
    expect(order.join("")).toBe("abcdef");
    expect(seats).toBe(6);
  });

  it("gives a new run the seat of the same agent's last one", () => {
    const seating = new Seating();
    let state = started(started(started(EMPTY, "1", "poet"), "2", "critic"), "3", "coder");
    seating.arrange(state, NO_FILTER, [], 0);
    state = ended(ended(state, "1", 2), "2", 3);
    seating.arrange(state, NO_FILTER, [], 1);
    const { order } = seating.arrange(started(state, "4", "critic"), NO_FILTER, [], 2);
    expect(order).toEqual(["1", "4", "3", "2"]);
  });

  it("gives a new agent the seat of the run that ended first", () => {
    const seating = new Seating();
    let state = all("abcd", start);
    seating.arrange(state, NO_FILTER, [], 0);
    state = ended(ended(state, "c", 2), "a", 3);
    const { order } = seating.arrange(started(state, "e"), NO_FILTER, [], 1);
    expect(order.join("")).toBe("abedc");
  });

  it("adds a seat where all are taken", () => {
    const seating = new Seating();
    const state = all("abcd", start);
    seating.arrange(state, NO_FILTER, [], 0);
    const { order, seats } = seating.arrange(started(state, "e"), NO_FILTER, [], 1);
    expect(order.join("")).toBe("abcde");
    expect(seats).toBe(5);
  });

  it("brings a waiting run forward when it begins to work", () => {
    const seating = new Seating();
    let state = all("abcd", start);
    state = queued(state, "w");
    expect(seating.arrange(state, NO_FILTER, [], 0).order.join("")).toBe("abcdw");
    state = ended(state, "b", 2);
    expect(seating.arrange(started(state, "w"), NO_FILTER, [], 1).order.join("")).toBe("awcdb");
  });

  it("shrinks only when a run starts long after there were many", () => {
    const seating = new Seating();
    let state = all("abcdefgh", start);
    seating.arrange(state, NO_FILTER, [], 0);
    state = all("abcdefgh", (now, run) => ended(now, run, 2), state);
    expect(seating.arrange(state, NO_FILTER, [], 100).seats).toBe(8);
    const { order, seats } = seating.arrange(started(state, "i"), NO_FILTER, [], 101);
    expect(seats).toBe(4);
    expect(order.slice(0, 4)).toContain("i");
    expect(order).toHaveLength(9);
  });

  it("puts pinned runs first, in the order in which they were pinned", () => {
    const seating = new Seating();
    const state = all("abcd", start);
    expect(seating.arrange(state, NO_FILTER, ["d", "gone", "b"], 0).order.join("")).toBe("dbac");
    expect(seating.arrange(state, NO_FILTER, [], 1).order.slice().sort().join("")).toBe("abcd");
  });

  it("shows the last runs where nothing runs, as they began, and earlier ones further down, latest first", () => {
    const old = all("ab", (now, run) => ended(started(now, run), run, 2));
    const state = all("cdefghij", (now, run) => ended(started(now, run), run, 100), old);
    expect(new Seating().arrange(state, NO_FILTER, [], 0).order.join("")).toBe("cdefghijba");
  });

  it("shows what the filter takes, and starts over with another one", () => {
    const seating = new Seating();
    const state = all("abcd", start);
    const filter = { ...NO_FILTER, agents: ["b", "d"] };
    seating.arrange(state, NO_FILTER, [], 0);
    expect(seating.arrange(state, filter, [], 1)).toEqual({ order: ["b", "d"], seats: 2 });
  });

  it("gives the same arrangement while only text comes in", () => {
    const seating = new Seating();
    const state = all("ab", start);
    const first = seating.arrange(state, NO_FILTER, [], 0);
    const stream = state.live.get("a")?.stream ?? 0;
    expect(seating.arrange(reduce(state, [stream, "x", 0, 1, "t"], 1), { ...NO_FILTER }, [], 1)).toEqual(
      first,
    );
  });

  it("shows every run once, whatever happens", () => {
    const seating = new Seating();
    let state: State = EMPTY;
    for (let step = 0; step < 300; step += 1) {
      const live = [...state.live.keys()];
      const one = live[(step * 7) % Math.max(1, live.length)];
      const run = `r${step}`;
      if (step % 3 === 2 && one !== undefined) state = ended(state, one, step);
      else
        state =
          step % 2 === 0 ? started(state, run, `agent${step % 5}`) : queued(state, run, `agent${step % 5}`);
      const pins = step % 50 > 25 && one !== undefined ? [one] : [];
      const { order } = seating.arrange(state, NO_FILTER, pins, step);
      expect(new Set(order).size).toBe(order.length);
      expect(order).toHaveLength(state.live.size + state.finished.size);
    }
  });

  it("shows the whole last round to who comes when part of it has ended, in the order in which it began", () => {
    const running = all("abcdefgh", start);
    const some = ended(ended(ended(running, "c", 9), "a", 10), "e", 11);
    const seating = new Seating();
    seating.arrange(EMPTY, NO_FILTER, [], 12);
    const late = seating.arrange(some, NO_FILTER, [], 12);
    expect(late.seats).toBe(8);
    expect(late.order.join("")).toBe("bdfghace");
  });

  it("shows the whole last round to who comes when all of it has ended", () => {
    const names = "abcdefghijkl";
    const running = all(names, start);
    const over = [...names].reverse().reduce((state, run, index) => ended(state, run, 5 + index), running);
    const late = new Seating().arrange(over, NO_FILTER, [], 1000);
    expect(late.seats).toBe(12);
    expect(late.order.join("")).toBe(names);
  });
});
