/** How often the page draws: at most twenty times a second, less often where drawing takes long. */

export const MIN_INTERVAL_MS = 50;
export const MAX_INTERVAL_MS = 500;

/** How much of its time the page may spend on drawing. */
const SHARE = 0.45;

/** Give the time between two flushes, from what the last ones cost. */
export function flushInterval(costMs: number): number {
  return Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, costMs / SHARE));
}

/** Give a cost that follows the last ones, so that a single slow one does not count as all. */
export function smoothed(costMs: number, lastMs: number): number {
  return costMs * 0.7 + lastMs * 0.3;
}
