import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { CompactDelta } from "@/protocol/events";
import { frame, hello, started } from "@/testing/events";
import { reduceFrame } from "./reduce";
import { EMPTY, type State } from "./state";

const STREAMS = 100;
/** A minute of 50 tokens/s each, none of them merged. */
const TOKENS = 3_000;
const FRAME_TOKENS = 2;
const TOKEN = "token ";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function names(): string[] {
  return Array.from({ length: STREAMS }, (_, number) => `run-${number}`);
}

/** Each frame comes as text, as it does from a socket: no two tokens are the same string. */
function nextFrame(sequence: number): string {
  const deltas: CompactDelta[] = [];
  for (let stream = 1; stream <= STREAMS; stream += 1) {
    for (let more = 0; more < FRAME_TOKENS; more += 1)
      deltas.push([stream, "text", sequence + more, 1, TOKEN]);
  }
  return JSON.stringify(frame(sequence, ...deltas));
}

test("a minute of 5,000 tokens a second costs little more memory than its text", () => {
  const begun = frame(0, hello("e1-0"), ...names().map((name, number) => started(name, number + 1)));
  let state: State = reduceFrame(EMPTY, begun, 1);
  const before = heapBytes();
  for (let sequence = 0; sequence < TOKENS; sequence += FRAME_TOKENS) {
    state = reduceFrame(state, JSON.parse(nextFrame(sequence)), 1);
  }
  const grown = heapBytes() - before;
  const text = STREAMS * TOKENS * TOKEN.length;
  expect([...state.live.values()].reduce((sum, run) => sum + run.chars, 0)).toBe(text);
  expect(grown - text).toBeLessThan(5 * 2 ** 20);
});
