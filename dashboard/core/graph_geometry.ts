/** What a layout consists of: boxes for nodes, and edges as smooth lines through the points that keep them clear. */

import type { GraphNode } from "./graph";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point, Size {}

/** Where the graph grows to: to the right, or down. */
export type Direction = "right" | "down";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `label` is the middle of the edge's words. */
export interface EdgeLine {
  readonly path: string;
  readonly label: Point;
}

export interface Layout extends Size {
  readonly direction: Direction;
  readonly nodes: ReadonlyMap<string, Box>;
  readonly edges: ReadonlyMap<string, EdgeLine>;
}

export type Sizes = Record<GraphNode["kind"], Size>;

export const SIZES: Sizes = {
  agent: { width: 216, height: 84 },
  type: { width: 168, height: 52 },
  join: { width: 148, height: 52 },
};

/** Where the graph does not fit at a scale its letters are easily read at. */
export const SMALL_SIZES: Sizes = {
  agent: { width: 186, height: 72 },
  type: { width: 132, height: 44 },
  join: { width: 120, height: 44 },
};

/** Below this scale small nodes make the graph easier to read. */
export const SMALL_SCALE = 0.8;

/** Below this scale the smaller letters cannot be read. */
export const FAR_SCALE = 0.6;

/** How large something may be drawn to fit into a window, where 1 is its own size. */
export function scaleIn(window: Size, { width, height }: Size): number {
  return Math.min(window.width / Math.max(width, 1), window.height / Math.max(height, 1));
}

/** Give the SVG path through these points, level with the direction in each of them. */
export function pathThrough(points: readonly Point[], direction: Direction): string {
  const [first, ...others] = points;
  if (first === undefined) return "";
  let from = first;
  let path = `M${at(first)}`;
  for (const to of others) {
    path += `C${bent(from, to, direction)}`;
    from = to;
  }
  return path;
}

/** Give the middle of the side of a box that faces a point, along the direction. */
export function doorOf(box: Box, towards: Point, direction: Direction): Point {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  if (direction === "right") return { x: towards.x < middle.x ? box.x : box.x + box.width, y: middle.y };
  return { x: middle.x, y: towards.y < middle.y ? box.y : box.y + box.height };
}

function bent(from: Point, to: Point, direction: Direction): string {
  const middle = direction === "right" ? (from.x + to.x) / 2 : (from.y + to.y) / 2;
  const [one, other] =
    direction === "right"
      ? [
          { x: middle, y: from.y },
          { x: middle, y: to.y },
        ]
      : [
          { x: from.x, y: middle },
          { x: to.x, y: middle },
        ];
  return `${at(one)} ${at(other)} ${at(to)}`;
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}
