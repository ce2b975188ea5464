/** The keys of the Board view. */

import type { KeyHelp } from "@/core/keys";

export const KEYS: readonly KeyHelp[] = [
  { keys: ["ArrowUp", "ArrowDown"], does: "Go from artifact to artifact" },
  { keys: ["PageUp", "PageDown", "Home", "End"], does: "Go further" },
  { keys: ["Enter"], does: "Open the artifact" },
  { keys: ["ArrowLeft", "ArrowRight"], does: "Fold and unfold a part of the payload" },
  { keys: ["c"], does: "Copy a part of the payload" },
  { keys: ["Escape"], does: "Close the artifact" },
];
