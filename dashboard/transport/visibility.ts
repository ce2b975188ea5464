/**
 * A tab nobody looks at costs nothing: its connection ends after a moment, and comes back with the tab.
 *
 * It goes on with its cursor, however long it was away. What it missed arrives merged, and is no more than the journal
 * holds; where the journal does not reach back so far, the server sends snapshots by itself and says that there is a gap.
 */

import type { Live } from "./live";

/** How long a tab may be hidden before it leaves: switching to and fro is not worth a new connection. */
export const GRACE_MS = 10_000;

/** Connect now if the tab is visible, and whenever it becomes visible again; gives what ends that. */
export function liveWhileVisible(live: Pick<Live, "connect" | "pause">): () => void {
  let leaving: ReturnType<typeof setTimeout> | undefined;
  let isAway = true;
  const leave = () => {
    isAway = true;
    live.pause();
  };
  const look = () => {
    clearTimeout(leaving);
    if (document.visibilityState === "hidden") {
      if (!isAway) leaving = setTimeout(leave, GRACE_MS);
    } else if (isAway) {
      isAway = false;
      live.connect();
    }
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    clearTimeout(leaving);
    document.removeEventListener("visibilitychange", look);
  };
}
