/** What uPlot is told: lines over time in the page's colours, with axes one can read. */

import type uPlot from "uplot";
import { clockTime } from "@/core/time_axis";

export interface Line {
  readonly label: string;
  readonly values: readonly number[];
  /** A colour token of the page. */
  readonly colour: "running" | "waiting" | "done" | "stopped" | "accent";
  readonly isDashed?: boolean;
}

/** The axis covers this much time at least: single points would look like a jump. */
const MIN_SPAN_S = 60;
const FONT = "11px ui-sans-serif, system-ui, sans-serif";
/** How far apart the marks of the upright axis may be, so that they are round in the unit they are told in. */
const STEPS = {
  count: [0, 1, 2, 3, 4, 5, 6, 7].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)),
  bytes: Array.from({ length: 44 }, (_, power) => 2 ** power),
};
export type Unit = keyof typeof STEPS;

interface PlotOptions {
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly format: (value: number) => string;
  /** Called with the index of the moment that is pointed at. */
  readonly onPoint: (index: number | null) => void;
  readonly width: number;
  readonly height: number;
}

/** Give a colour of the theme that holds now. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function optionsOf({ lines, unit, format, onPoint, width, height }: PlotOptions): uPlot.Options {
  const axis = {
    font: FONT,
    stroke: () => colour("muted"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false },
    padding: [8, 30, 0, 0],
    scales: {
      x: { time: false, range: (_, min, max) => [Math.min(min, max - MIN_SPAN_S), max] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        space: 80,
        size: 22,
        incrs: [5, 10, 15, 30, 60, 120, 300],
        values: (_, places, __, ___, step) => places.map((at) => clockTime(at, step)),
      },
      {
        ...axis,
        size: 62,
        space: 20,
        incrs: STEPS[unit],
        values: (_, places) => places.map(format),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: () => colour(line.colour),
        width: 2,
        points: { show: false },
        ...(line.isDashed ? { dash: [6, 4] } : {}),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}
