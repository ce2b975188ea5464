/** Runs as bars on a time axis: which lane each lies in, and where on the screen. */

import type { StreamState } from "@/protocol/events";
import { grouped } from "./grouped";
import type { Run } from "./run";
import { MIN_SPAN_S, type Span } from "./time_axis";

/** What of a run is drawn; times in seconds by the server's clock. */
export interface Bar {
  readonly runId: string;
  readonly agent: string;
  readonly correlationId: string;
  readonly types: string;
  readonly state: StreamState;
  readonly attempt: number;
  readonly startedAt: number;
  readonly activatedAt: number | null;
  readonly firstTokenAt: number | null;
  readonly endedAt: number | null;
}

export type Grouping = "agent" | "correlation";

/** Bars that lie behind each other, none of them over another one. */
export type Lane = readonly Bar[];

export interface Group {
  readonly key: string;
  readonly lanes: readonly Lane[];
  readonly runs: number;
  readonly startedAt: number;
}

export function barOf(run: Run): Bar {
  const { runId, agent, correlationId, state, attempt, startedAt, activatedAt, firstTokenAt, endedAt } = run;
  const types = run.artifacts.map(({ type }) => type).join(", ");
  return {
    runId,
    agent,
    correlationId,
    types,
    state,
    attempt,
    startedAt,
    activatedAt,
    firstTokenAt,
    endedAt,
  };
}

export function sameBars(one: readonly Bar[], other: readonly Bar[]): boolean {
  return one.length === other.length && one.every((bar, index) => sameBar(bar, other[index]));
}

function sameBar(one: Bar, other: Bar | undefined): boolean {
  return (
    other !== undefined &&
    one.runId === other.runId &&
    one.state === other.state &&
    one.attempt === other.attempt &&
    one.activatedAt === other.activatedAt &&
    one.firstTokenAt === other.firstTokenAt &&
    one.endedAt === other.endedAt
  );
}

/** Give the bars by agent or by correlation, each group in as few lanes as its parallel runs need. The groups of
 * agents stand in the order of their first runs; of correlations the latest comes first. */
export function groupsOf(bars: readonly Bar[], by: Grouping): Group[] {
  const ordered = bars.toSorted((one, other) => one.startedAt - other.startedAt);
  const members = grouped(ordered, (bar) => (by === "agent" ? bar.agent : bar.correlationId));
  const groups = [...members].map(([key, own]) => ({
    key,
    lanes: packed(own),
    runs: own.length,
    startedAt: own[0]?.startedAt ?? 0,
  }));
  return by === "agent" ? groups : groups.reverse();
}

/** Put each bar into the first lane that is free when it begins; `bars` in the order of their beginnings. */
function packed(bars: readonly Bar[]): Lane[] {
  const lanes: { bars: Bar[]; until: number }[] = [];
  for (const bar of bars) {
    const until = bar.endedAt ?? Number.POSITIVE_INFINITY;
    const free = lanes.find((lane) => lane.until <= bar.startedAt);
    if (free === undefined) lanes.push({ bars: [bar], until });
    else {
      free.bars.push(bar);
      free.until = until;
    }
  }
  return lanes.map((lane) => lane.bars);
}

/** A bar on the screen, in pixels from the left edge of the axis; `active` and `token` are null where it has not
 * come to that. Bars too small to tell apart are one piece, `many`. */
export type Piece =
  | {
      readonly kind: "bar";
      readonly bar: Bar;
      readonly x: number;
      readonly width: number;
      readonly active: number | null;
      readonly token: number | null;
    }
  | {
      readonly kind: "many";
      readonly bars: readonly Bar[];
      readonly x: number;
      readonly width: number;
    };

const MIN_BAR_PX = 3;
/** Bars this much outside of what is shown are cut off there. */
const MARGIN_PX = 40;

/** Give the pieces of a lane that are in sight. `apart` is a run that is drawn by itself,
 * however small, and out of sight as well: the focus is on it. */
export function pieces(lane: Lane, span: Span, width: number, now: number, apart: string | null): Piece[] {
  const scale = width / (span.to - span.from);
  const place = (at: number) => clamp((at - span.from) * scale, -MARGIN_PX, width + MARGIN_PX);
  const found: Piece[] = [];
  let small: { bars: Bar[]; x: number; end: number } | null = null;
  const close = () => {
    if (small === null) return;
    const { bars, x, end } = small;
    const [only] = bars;
    if (bars.length === 1 && only !== undefined) found.push(drawn(only, place, now));
    else found.push({ kind: "many", bars, x, width: Math.max(end - x, MIN_BAR_PX) });
    small = null;
  };
  for (let index = firstInSight(lane, span.from, now); index < lane.length; index += 1) {
    const bar = lane[index];
    if (bar === undefined || bar.startedAt > span.to) break;
    const x = place(bar.startedAt);
    const end = place(bar.endedAt ?? now);
    if (end - x >= MIN_BAR_PX || bar.runId === apart) {
      close();
      found.push(drawn(bar, place, now));
      continue;
    }
    if (small !== null && x - small.end > MIN_BAR_PX) close();
    if (small === null) small = { bars: [bar], x, end };
    else {
      small.bars.push(bar);
      small.end = Math.max(small.end, end);
    }
  }
  close();
  const hidden = apart === null ? undefined : lane.find((bar) => bar.runId === apart);
  if (hidden !== undefined && !found.some((piece) => piece.kind === "bar" && piece.bar === hidden))
    found.push(drawn(hidden, place, now));
  return found;
}

function drawn(bar: Bar, place: (at: number) => number, now: number): Piece {
  const x = place(bar.startedAt);
  const end = place(Math.max(bar.endedAt ?? now, bar.startedAt));
  return {
    kind: "bar",
    bar,
    x,
    width: Math.max(end - x, MIN_BAR_PX),
    active: bar.activatedAt === null ? null : place(bar.activatedAt) - x,
    token: bar.firstTokenAt === null ? null : place(bar.firstTokenAt) - x,
  };
}

/** Give the index of the first bar of a lane that ends after a moment. */
function firstInSight(lane: Lane, from: number, now: number): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const bar = lane[middle];
    if (bar !== undefined && (bar.endedAt ?? now) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Give the span that shows all bars. */
export function fitted(bars: readonly Bar[], now: number): Span {
  if (bars.length === 0) return { from: now - 60, to: now };
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const bar of bars) {
    from = Math.min(from, bar.startedAt);
    to = Math.max(to, bar.endedAt ?? now);
  }
  const room = Math.max(to - from, MIN_SPAN_S) * 0.04;
  return { from: from - room, to: to + room * 2 };
}

/** How long a pause may be between runs that are looked at together. */
const PAUSE_S = 60;
const MIN_LOOK_S = 45;
const MAX_LOOK_S = 600;

/** Give what to show first: the last runs, back to a pause in which nothing went on. */
export function firstLook(bars: readonly Bar[], now: number): Span {
  const latest = bars.toSorted((one, other) => (other.endedAt ?? now) - (one.endedAt ?? now));
  let begin = Number.POSITIVE_INFINITY;
  const shown: Bar[] = [];
  for (const bar of latest) {
    if (shown.length > 0 && (bar.endedAt ?? now) < begin - PAUSE_S) break;
    begin = Math.min(begin, bar.startedAt);
    shown.push(bar);
  }
  const { from, to } = fitted(shown, now);
  if (to - from < MIN_LOOK_S) return { from: from - MIN_LOOK_S * 0.03, to: from + MIN_LOOK_S };
  return { from: Math.max(from, to - MAX_LOOK_S), to };
}

/** Give the moment up to which is drawn: the clock's, or the latest end, where that was told before the clock went on. */
export function latest(bars: readonly Bar[], clock: number): number {
  return bars.reduce((last, { endedAt }) => Math.max(last, endedAt ?? last), clock);
}

/** Give the last moment at which something went on: now, while runs are unfinished. */
export function lastActivity(bars: readonly Bar[], now: number): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const { endedAt } of bars) {
    if (endedAt === null) return now;
    last = Math.max(last, endedAt);
  }
  return bars.length === 0 ? now : last;
}

/** Give the run the focus goes to from another one: along its lane, or to the nearest in time of the next lane. */
export function neighbour(
  groups: readonly Group[],
  runId: string | null,
  way: "left" | "right" | "up" | "down" | "first" | "last",
): Bar | null {
  const lanes = groups.flatMap((group) => group.lanes);
  const row = lanes.findIndex((lane) => lane.some((bar) => bar.runId === runId));
  const lane = lanes[row];
  if (lane === undefined) return lanes[0]?.[0] ?? null;
  const column = lane.findIndex((bar) => bar.runId === runId);
  const here = lane[column];
  if (here === undefined) return null;
  switch (way) {
    case "left":
      return lane[column - 1] ?? here;
    case "right":
      return lane[column + 1] ?? here;
    case "first":
      return lane[0] ?? here;
    case "last":
      return lane.at(-1) ?? here;
    default: {
      const next = lanes[way === "up" ? row - 1 : row + 1] ?? lane;
      const distance = (bar: Bar) => Math.abs(bar.startedAt - here.startedAt);
      return next.reduce((best, bar) => (distance(bar) < distance(best) ? bar : best), next[0] ?? here);
    }
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
