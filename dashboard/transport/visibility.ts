/** A tab nobody looks at costs nothing: its connection ends after a moment, and comes back with the tab. */

import type { Live } from "./live";

/** How long a tab may be hidden before it leaves: switching to and fro is not worth a new connection. */
export const GRACE_MS = 10_000;

/** Connect now if the tab is visible, and whenever it becomes visible again. */
export function liveWhileVisible(live: Live): void {
  let leaving: ReturnType<typeof setTimeout> | null = null;
  let isAway = true;
  const look = () => {
    if (leaving !== null) clearTimeout(leaving);
    leaving = null;
    if (document.visibilityState === "hidden") {
      leaving = setTimeout(() => {
        isAway = true;
        live.pause();
      }, GRACE_MS);
    } else if (isAway) {
      isAway = false;
      live.connect();
    }
  };
  document.addEventListener("visibilitychange", look);
  look();
}
