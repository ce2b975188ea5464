/** Where groups and lanes lie from top to bottom, and which of them are in sight. */

import type { Group, Lane } from "@/core/timeline";

export const LANE_PX = 24;
const PADDING_PX = 8;

export interface Row {
  readonly group: Group;
  readonly top: number;
  readonly height: number;
}

export function rowsOf(groups: readonly Group[]): { readonly rows: readonly Row[]; readonly height: number } {
  let top = 0;
  const rows = groups.map((group) => {
    const row = { group, top, height: group.lanes.length * LANE_PX + PADDING_PX };
    top += row.height;
    return row;
  });
  return { rows, height: top };
}

export interface PlacedLane {
  readonly lane: Lane;
  readonly index: number;
  /** From the top of its row. */
  readonly top: number;
}

/** Give the lanes of a row that are in sight, and the one that holds a run the focus is on. */
export function lanesInSight(row: Row, from: number, to: number, focused: string | null): PlacedLane[] {
  return row.group.lanes.flatMap((lane, index) => {
    const top = PADDING_PX / 2 + index * LANE_PX;
    const isInSight = row.top + top < to && row.top + top + LANE_PX > from;
    return isInSight || holds(lane, focused) ? [{ lane, index, top }] : [];
  });
}

/** Give the rows that are in sight, and the one that holds a run the focus is on. */
export function rowsInSight(rows: readonly Row[], from: number, to: number, focused: string | null): Row[] {
  return rows.filter(
    (row) =>
      (row.top < to && row.top + row.height > from) || row.group.lanes.some((lane) => holds(lane, focused)),
  );
}

/** Give how far from the top the lane of a run lies, null where there is no such run. */
export function laneTop(rows: readonly Row[], runId: string): number | null {
  for (const row of rows) {
    const index = row.group.lanes.findIndex((lane) => holds(lane, runId));
    if (index !== -1) return row.top + PADDING_PX / 2 + index * LANE_PX;
  }
  return null;
}

function holds(lane: Lane, runId: string | null): boolean {
  return runId !== null && lane.some((bar) => bar.runId === runId);
}
