/** How long to wait before one tries again: longer each time, and not all viewers at once. */

export const FIRST_PAUSE_MS = 250;
export const MAX_PAUSE_MS = 10_000;

/** Give the pause after so many failures in a row. */
export function pauseMs(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
  return longest * (0.5 + random() / 2);
}
