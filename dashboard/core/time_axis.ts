/** The time axis: which part of the time is shown, how it is moved, and what its marks say. */

/** The part of the time that is shown, in seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const MIN_SPAN_S = 0.2;
export const MAX_SPAN_S = 7 * 24 * 3600;

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

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
