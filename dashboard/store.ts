/** The one bridge between what is known and what is drawn: frames go in at once, drawing follows in beats. */

import { createContext, useCallback, useContext, useRef, useSyncExternalStore } from "react";
import { flushInterval, smoothed } from "@/core/flush";
import { withHistory } from "@/core/metrics_history";
import { reduceFrame } from "@/core/reduce";
import type { Run } from "@/core/run";
import { EMPTY, runOf, type State } from "@/core/state";
import type { Frame, Metrics } from "@/protocol/events";
import type { Connection } from "@/transport/live";

type Listener = () => void;

/** `shown` is what is drawn: of the live state, or of a replay while there is one, as of the last beat. */
export class Store {
  private live: State = EMPTY;
  private replay: State | null = null;
  private frozen: State | null = null;
  private replayAt: number | null = null;
  private shown: State = EMPTY;
  private shownAt: number | null = null;
  private serverAheadS = 0;
  private connection: Connection = { state: "connecting" };
  private readonly listeners = new Set<Listener>();
  private readonly runListeners = new Map<string, Set<Listener>>();
  private readonly connectionListeners = new Set<Listener>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private lastFlush = 0;
  private costMs = 0;

  /** Take a frame; false where the connection has to start over. */
  take(frame: Frame, at: number): boolean {
    this.live = reduceFrame(this.live, frame, at);
    this.serverAheadS = at - Date.now() / 1000;
    this.schedule();
    return !this.live.isBroken;
  }

  /** Take what was measured before the page was there. */
  takeHistory(history: readonly Metrics[]): void {
    this.live = { ...this.live, metrics: withHistory(this.live.metrics, history) };
    this.schedule();
  }

  setConnection(connection: Connection): void {
    this.connection = connection;
    for (const listener of this.connectionListeners) listener();
  }

  /** Draw this state in all views, as of this moment of its replay, until `null` brings the live one back. */
  showReplay(state: State | null, at: number | null = null): void {
    this.replay = state;
    this.replayAt = state === null ? null : at;
    this.schedule();
  }

  /** Keep what is drawn as it is, while everything goes on behind it; a replay is drawn all the same. */
  freeze(isFrozen: boolean): void {
    const drawn = this.replay === null ? this.shown : this.live;
    this.frozen = isFrozen ? drawn : null;
    this.schedule();
  }

  readonly liveState = (): State => this.live;
  readonly state = (): State => this.shown;
  /** The moment that a replay has got to, in seconds by the server's clock; null while what is drawn is live. */
  readonly moment = (): number | null => this.shownAt;
  /** How many seconds the server's clock is ahead of the browser's. */
  readonly aheadS = (): number => this.serverAheadS;
  readonly connectionState = (): Connection => this.connection;

  readonly subscribe = (listener: Listener): Listener => listen(this.listeners, listener);
  readonly subscribeConnection = (listener: Listener): Listener => listen(this.connectionListeners, listener);

  /** Call a listener in each beat that brings something new of one run. */
  subscribeRun(runId: string, listener: Listener): Listener {
    const listeners = this.runListeners.get(runId) ?? new Set();
    this.runListeners.set(runId, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.runListeners.get(runId) === listeners) this.runListeners.delete(runId);
    };
  }

  private target(): State {
    return this.replay ?? this.frozen ?? this.live;
  }

  private schedule(): void {
    if (this.timer !== null || this.target() === this.shown) return;
    const due = this.lastFlush + flushInterval(this.costMs) - performance.now();
    this.timer = setTimeout(() => this.flush(), Math.max(0, due));
  }

  private flush(): void {
    this.timer = null;
    const before = this.shown;
    this.shown = this.target();
    this.shownAt = this.replayAt;
    if (this.shown === before) return;
    this.lastFlush = performance.now();
    const changed = this.changedRuns(before);
    const measure = measureDrawing((costMs) => {
      this.costMs = smoothed(this.costMs, costMs);
    });
    for (const listener of changed) listener();
    for (const listener of this.listeners) listener();
    measure();
  }

  /** Give the listeners of watched runs that have changed: runs nobody looks at cost nothing here. */
  private changedRuns(before: State): Listener[] {
    const changed = [...this.runListeners].filter(([id]) => runOf(before, id) !== runOf(this.shown, id));
    return changed.flatMap(([, listeners]) => [...listeners]);
  }
}

/** Measure what a beat costs, from now on: the listeners, what React does behind them, and the page's own drawing. */
function measureDrawing(done: (costMs: number) => void): () => void {
  const start = performance.now();
  return () => {
    queueMicrotask(() => {
      const scriptMs = performance.now() - start;
      requestAnimationFrame((frameStart) => {
        setTimeout(() => done(scriptMs + performance.now() - frameStart));
      });
    });
  };
}

function listen(listeners: Set<Listener>, listener: Listener): Listener {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const StoreContext = createContext<Store | null>(null);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === null) throw new Error("no Store around this component");
  return store;
}

/** Give what `select` makes of the state; the component is drawn again where that is another value. */
export function useFlock<T>(
  select: (state: State) => T,
  isEqual: (one: T, other: T) => boolean = Object.is,
): T {
  const store = useStore();
  return useSelected(store.subscribe, store.state, select, isEqual);
}

/** Give what `select` makes of one run, undefined where the run is not known. */
export function useRun<T>(
  runId: string,
  select: (run: Run) => T,
  isEqual: (one: T | undefined, other: T | undefined) => boolean = Object.is,
): T | undefined {
  const store = useStore();
  const subscribe = useCallback((listener: Listener) => store.subscribeRun(runId, listener), [store, runId]);
  const get = useCallback(() => runOf(store.state(), runId), [store, runId]);
  return useSelected(subscribe, get, (run: Run | undefined) => run && select(run), isEqual);
}

export function useConnection(): Connection {
  const store = useStore();
  return useSyncExternalStore(store.subscribeConnection, store.connectionState);
}

function useSelected<S, T>(
  subscribe: (listener: Listener) => Listener,
  get: () => S,
  select: (source: S) => T,
  isEqual: (one: T, other: T) => boolean,
): T {
  const known = useRef<{ source: S; select: (source: S) => T; value: T } | null>(null);
  return useSyncExternalStore(subscribe, () => {
    const source = get();
    const last = known.current;
    if (last !== null && last.source === source && last.select === select) return last.value;
    const next = select(source);
    const value = last !== null && isEqual(last.value, next) ? last.value : next;
    known.current = { source, select, value };
    return value;
  });
}

/** Whether two lists have the same members in the same order. */
export function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => Object.is(item, other[index]));
}
