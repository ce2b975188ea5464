/** The keys of the Timeline view, where the focus is on a run. */

import type { KeyHelp } from "@/core/keys";

export const KEYS: readonly KeyHelp[] = [
  { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], does: "Go from run to run" },
  { keys: ["Home", "End"], does: "Go to the first or the last run of the lane" },
  { keys: ["Enter"], does: "Open the run" },
  { keys: ["+", "-"], does: "Zoom in or out" },
  { keys: ["<", ">"], does: "Go back or on in time" },
];
