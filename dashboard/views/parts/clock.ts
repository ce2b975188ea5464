/** The time of day for what is counted in seconds, at two beats a second for the whole page. */

import { useSyncExternalStore } from "react";

const BEAT_MS = 500;
const listeners = new Set<() => void>();
let now = Date.now() / 1000;
let timer: ReturnType<typeof setInterval> | null = null;

function beat(): void {
  now = Date.now() / 1000;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(beat, BEAT_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Give the time in seconds since the Unix epoch. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
