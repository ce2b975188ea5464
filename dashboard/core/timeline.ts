/** Runs as bars on a time axis: which lane each lies in, where on the screen, and what the axis says. */

import type { StreamState } from "@/protocol/events";
import type { Run } from "./run";

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

/** The part of the time that is shown, in seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const MIN_SPAN_S = 0.2;
export const MAX_SPAN_S = 7 * 24 * 3600;

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
export function grouped(bars: readonly Bar[], by: Grouping): Group[] {
  const members = new Map<string, Bar[]>();
  for (const bar of bars.toSorted((one, other) => one.startedAt - other.startedAt)) {
    const key = by === "agent" ? bar.agent : bar.correlationId;
    const known = members.get(key);
    if (known === undefined) members.set(key, [bar]);
    else known.push(bar);
  }
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

/** Give the span that is `factor` times as long, with one moment staying where it is on the screen. */
export function zoomed({ from, to }: Span, factor: number, anchor: number): Span {
  const length = clamp((to - from) * factor, MIN_SPAN_S, MAX_SPAN_S);
  const share = (anchor - from) / (to - from);
  const begin = anchor - share * length;
  return { from: begin, to: begin + length };
}

export function panned({ from, to }: Span, seconds: number): Span {
  return { from: from + seconds, to: to + seconds };
}

/** How much of the span stays free behind the last moment that is followed. */
const ROOM = 0.08;

/** Give the span that has `edge` in sight: as it is while it has, or moved on by as much as it needs. */
export function following(span: Span, edge: number): Span {
  const length = span.to - span.from;
  if (edge >= span.from && edge <= span.to - length * ROOM) return span;
  const to = edge + length * ROOM;
  return { from: to - length, to };
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
  if (to - from < MIN_LOOK_S) return { from, to: from + MIN_LOOK_S };
  return { from: Math.max(from, to - MAX_LOOK_S), to };
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

const STEPS_S = [
  0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400,
];
const MIN_TICK_PX = 88;

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Give the marks of the axis, far enough apart to be read. */
export function ticks(span: Span, width: number): Tick[] {
  const perPixel = (span.to - span.from) / Math.max(width, 1);
  const step = STEPS_S.find((known) => known / perPixel >= MIN_TICK_PX) ?? 86_400;
  const found: Tick[] = [];
  for (let index = Math.ceil(span.from / step); index * step <= span.to; index += 1) {
    const at = index * step;
    found.push({ at, label: clockTime(at, step) });
  }
  return found;
}

/** Give the time of day, as exactly as marks that are `step` seconds apart need it. */
export function clockTime(at: number, step: number): string {
  const time = new Date(Math.round(at * 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (step >= 7_200) return `${two(time.getMonth() + 1)}-${two(time.getDate())} ${minutes}`;
  if (step >= 60) return minutes;
  const seconds = `${minutes}:${two(time.getSeconds())}`;
  if (step >= 1) return seconds;
  return `${seconds}.${String(time.getMilliseconds())
    .padStart(3, "0")
    .slice(0, step >= 0.1 ? 1 : 2)}`;
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
