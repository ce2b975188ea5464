/** How many panes stand side by side and above each other, so that they fill the window. */

export const DENSITIES = [1, 2, 4, 6, 9, 12, 16, 25, 36, 64, 100] as const;

/** How many panes the window shows; `auto`: as many as there are runs to watch at once. */
export type Density = "auto" | (typeof DENSITIES)[number];

/** How much of a run a pane of this size has room for. */
export type PaneSize = "small" | "medium" | "large";

export interface Grid {
  readonly columns: number;
  /** Rows that the window shows; there may be more below. */
  readonly rows: number;
  /** Height of a row in pixels, without the gap to the next one. */
  readonly rowHeight: number;
  readonly paneSize: PaneSize;
  /** How many characters there is room for in a small pane, at most. */
  readonly tail: number;
}

export interface Space {
  readonly width: number;
  readonly height: number;
}

export const GAP = 8;

/** Below this width there is one column, and a pane is as high as a few lines need. */
const NARROW = 560;
const NARROW_HEIGHT = 264;

/** Smaller than this a pane says nothing; then the grid scrolls. */
const MIN_WIDTH = 112;
const MIN_HEIGHT = 64;

/** Square pixels of a small pane for each character, less than narrow ones need; and the height of its header. */
const SMALL_CHAR_AREA = 50;
const SMALL_HEADER = 24;

/** Text reads best in panes of about this shape, width by height. */
const SHAPE = 1.1;

/** Give the grid in which `panes` panes fill the space, or as many of them as can be read. */
export function gridOf(space: Space, panes: number): Grid {
  const wanted = Math.max(1, panes);
  if (space.width < NARROW) return narrowGrid(space, wanted);
  const maxColumns = fitting(space.width, MIN_WIDTH);
  const maxRows = fitting(space.height, MIN_HEIGHT);
  let best = { columns: maxColumns, rows: maxRows };
  let least = Number.POSITIVE_INFINITY;
  for (let columns = 1; columns <= maxColumns; columns += 1) {
    const rows = Math.ceil(wanted / columns);
    const badness = rows > maxRows ? Number.POSITIVE_INFINITY : badnessOf(space, columns, rows, wanted);
    if (badness >= least) continue;
    least = badness;
    best = { columns, rows };
  }
  return sized(space, best.columns, best.rows);
}

function narrowGrid(space: Space, wanted: number): Grid {
  const most = Math.max(1, Math.floor((space.height + GAP) / (NARROW_HEIGHT + GAP)));
  return sized(space, 1, Math.min(wanted, most));
}

function fitting(length: number, least: number): number {
  return Math.max(1, Math.floor((length + GAP) / (least + GAP)));
}

/** Tell how far panes are from a good shape, and how much of the window stays empty. */
function badnessOf(space: Space, columns: number, rows: number, wanted: number): number {
  const shape = share(space.width, columns) / share(space.height, rows);
  const empty = (columns * rows - wanted) / (columns * rows);
  return Math.abs(Math.log(shape / SHAPE)) + 1.5 * empty;
}

function share(length: number, count: number): number {
  return Math.max(1, (length - GAP * (count - 1)) / count);
}

function sized(space: Space, columns: number, rows: number): Grid {
  const width = share(space.width, columns);
  const rowHeight = Math.max(MIN_HEIGHT, Math.floor(share(space.height, rows)));
  const tail = Math.ceil((width * (rowHeight - SMALL_HEADER)) / SMALL_CHAR_AREA);
  return { columns, rows, rowHeight, paneSize: paneSizeOf(width, rowHeight), tail };
}

function paneSizeOf(width: number, height: number): PaneSize {
  if (width >= 280 && height >= 190) return "large";
  return width >= 190 && height >= 120 ? "medium" : "small";
}
