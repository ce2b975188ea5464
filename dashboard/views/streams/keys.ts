/** The keys of the Streams view. */

import type { KeyHelp } from "@/core/keys";

export const KEYS: readonly KeyHelp[] = [
  { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], does: "Go from pane to pane" },
  { keys: ["Home", "End"], does: "Go to the first or the last pane" },
  { keys: ["Enter"], does: "Show the pane in full size" },
  { keys: ["p"], does: "Pin the pane, or let go of it" },
  { keys: ["c"], does: "Choose the pane for comparing" },
  { keys: ["Escape"], does: "Return to the grid" },
];

/** Where a key leads from one pane to another; null for keys that do not. */
export function neighbour(key: string, index: number, columns: number, count: number): number | null {
  const last = count - 1;
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, index - 1);
    case "ArrowRight":
      return Math.min(last, index + 1);
    case "ArrowUp":
      return index < columns ? index : index - columns;
    case "ArrowDown":
      return index + columns > last ? index : index + columns;
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
