/** The time of day for what is counted in seconds, at two beats a second for the whole page. */

import { useSyncExternalStore } from "react";
import { useStore } from "@/store";

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

/** Give the time in seconds since the Unix epoch, by the server's clock; the replay's moment while there is one. */
export function useNow(): number {
  const store = useStore();
  const here = useSyncExternalStore(subscribe, () => now);
  const moment = useSyncExternalStore(store.subscribe, store.moment);
  return moment ?? here + store.aheadS();
}
