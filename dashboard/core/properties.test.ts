import fc from "fast-check";
import { expect, test } from "vitest";
import type { Frame } from "@/protocol/events";
import { hello } from "@/testing/events";
import { type Happening, ModelServer } from "@/testing/model_server";
import { reduce, reduceFrame } from "./reduce";
import type { Run } from "./run";
import { EMPTY, type State } from "./state";

type Format = "full" | "compact";

/** What a viewer does next: read some entries, come back with its cursor, or come back too late for it. */
type Step =
  | { readonly do: "read"; readonly count: number; readonly merges: boolean }
  | { readonly do: "resume" }
  | { readonly do: "late"; readonly frames: number; readonly recent: number; readonly breaksOff: boolean };

/** Spoils a frame on its way, to prove that the validator sees it. */
type Spoil = (frame: Frame) => Frame;

const run = fc.nat(3);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Happening>({ do: "start" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ do: "metrics" }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("activate" as const), run }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("attempt" as const, "fail", "complete", "correct"), run }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      run,
      field: fc.nat(3),
      text: fc.string({ maxLength: 4 }),
    }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      count: fc.integer({ min: 1, max: 12 }),
      merges: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "resume" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("late" as const),
      frames: fc.integer({ min: 1, max: 4 }),
      recent: fc.integer({ min: 0, max: 3 }),
      breaksOff: fc.boolean(),
    }),
  },
);
const scene = fc.record({
  before: fc.array(happening, { maxLength: 20 }),
  /** What happens, and in between what the viewer does. */
  script: fc.array(fc.oneof(happening, happening, step), { maxLength: 80 }),
  format: fc.constantFrom<Format>("full", "compact"),
});

type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

function isStep(one: Happening | Step): one is Step {
  return one.do === "read" || one.do === "resume" || one.do === "late";
}

class Viewer {
  state: State = EMPTY;
  private offset = 0;
  private hasMissed = false;
  private readonly server: ModelServer;
  private readonly format: Format;
  private readonly spoil: Spoil;

  constructor(server: ModelServer, format: Format, spoil: Spoil) {
    this.server = server;
    this.format = format;
    this.spoil = spoil;
    this.open(this.server.opening(false, 2, Infinity));
  }

  /** Whether runs may have come and gone unseen. */
  get mayHaveMissed(): boolean {
    return this.hasMissed;
  }

  go(step: Step): void {
    if (step.do === "read") this.read(step.count, step.merges);
    else if (step.do === "late") {
      const frames = this.server.opening(true, step.frames, step.recent);
      this.hasMissed = true;
      if (step.breaksOff) for (const frame of frames.slice(0, -1)) this.take(frame);
      this.open(
        step.breaksOff ? this.server.opening(this.state.cursor !== null, step.frames, step.recent) : frames,
      );
    } else this.take({ cursor: `e1-${this.offset}`, events: [hello(`e1-${this.offset}`)] });
  }

  readAll(): void {
    this.read(this.server.head, true);
  }

  private open(frames: readonly Frame[]): void {
    for (const frame of frames) this.take(frame);
    this.offset = this.server.head;
  }

  private read(count: number, merges: boolean): void {
    const end = Math.min(this.server.head, this.offset + count);
    this.take(this.server.read(this.offset, end, this.format, merges));
    this.offset = end;
  }

  private take(frame: Frame): void {
    this.state = reduceFrame(this.state, this.spoil(frame), 1_001);
  }
}

/** How a text is kept says nothing about it. */
function essence({ tail: _tail, pieces: _pieces, ...field }: Run["fields"][number]) {
  return field;
}

/** What is the same however it came to be known: when a token arrived here is not, and snapshots keep a retry's reason. */
function told(run: Run) {
  return { ...run, firstTokenAt: null, attemptReason: "", fields: run.fields.map(essence) };
}

/** Play a scene, and give what is wrong with what the viewer knows in the end. */
function problems(scene: Scene, spoil: Spoil = (frame) => frame): string[] {
  const server = new ModelServer();
  for (const happening of scene.before) server.happen(happening);
  const viewer = new Viewer(server, scene.format, spoil);
  for (const one of scene.script) {
    if (isStep(one)) viewer.go(one);
    else server.happen(one);
  }
  viewer.readAll();
  return differences(
    viewer,
    server.events(0, server.head).reduce((state, event) => reduce(state, event, 1_001), EMPTY),
  );
}

function differences({ state, mayHaveMissed }: Viewer, whole: State): string[] {
  const wrong: string[] = [];
  if (state.misfits > 0 || state.isBroken || state.listed !== null || state.cursor === null)
    wrong.push("it is broken");
  if (!equal([...state.live.keys()].sort(), [...whole.live.keys()].sort())) wrong.push("other runs are live");
  if (!equal([...state.streams].sort(), [...whole.streams].sort())) wrong.push("other streams are live");
  if (!mayHaveMissed && state.finished.size !== whole.finished.size) wrong.push("finished runs are missing");
  for (const [parts, known] of [
    [state.live, whole.live],
    [state.finished, whole.finished],
  ] as const) {
    for (const run of parts.values()) {
      const other = known.get(run.runId);
      if (other === undefined || !equal(told(run), told(other))) wrong.push(`${run.runId} differs`);
    }
  }
  const chars = [...state.finished.values()].reduce((sum, run) => sum + run.chars, 0);
  if (chars !== state.finishedChars) wrong.push("characters are miscounted");
  return wrong;
}

function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** Give a value with the keys of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

test("whatever happens, and however it arrives, a viewer knows in the end what a fold of all events knows", () => {
  fc.assert(
    fc.property(scene, (one) => {
      expect(problems(one)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test.each<[string, Spoil]>([
  [
    "loses a delta",
    (frame) => ({ ...frame, events: frame.events.filter((event) => "type" in event || event[2] !== 1) }),
  ],
  [
    "sends deltas twice",
    (frame) => ({
      ...frame,
      events: [...frame.events, ...frame.events.filter((event) => !("type" in event))],
    }),
  ],
  [
    "changes a text",
    (frame) => ({
      ...frame,
      events: frame.events.map((event) => ("type" in event ? event : event.with(4, "?"))) as Frame["events"],
    }),
  ],
  [
    "keeps a retry to itself",
    (frame) => ({
      ...frame,
      events: frame.events.filter((event) => !("type" in event) || event.type !== "attempt_started"),
    }),
  ],
  [
    "forgets a run in its snapshots",
    (frame) => ({
      ...frame,
      events: frame.events.filter(
        (event) => !("type" in event) || event.type !== "snapshot" || event.stream !== 1,
      ),
    }),
  ],
])("a server that %s is found out", (_, spoil) => {
  const { failed } = fc.check(
    fc.property(scene, (one) => problems({ ...one, format: "compact" }, spoil).length === 0),
    { numRuns: 2_000, seed: 7 },
  );
  expect(failed).toBe(true);
});
