/** Plays a recorded correlation: loads its events page by page, and shows one moment after the other. */

import { type Mark, Replay } from "@/core/replay";
import type { State } from "@/core/state";
import type { EventPage } from "@/protocol/api";

export const SPEEDS = [1, 4, 16] as const;
export type Speed = (typeof SPEEDS)[number];

const TICK_MS = 100;
/** How long to wait before asking again for what is new, at the end of a correlation that goes on. */
const CATCH_UP_MS = 1000;

export interface Playback {
  readonly phase: "loading" | "ready" | "empty" | "failed";
  /** How many events are loaded. */
  readonly events: number;
  readonly message: string;
  readonly begin: number;
  readonly end: number;
  readonly moment: number;
  readonly isPlaying: boolean;
  readonly speed: Speed;
  /** Of how many runs the journal no longer held all. */
  readonly lost: number;
  readonly marks: readonly Mark[];
}

export interface PlayerOptions {
  /** The state before the first event. */
  readonly base: State;
  readonly page: (cursor: string | null, signal: AbortSignal) => Promise<EventPage>;
  readonly show: (state: State, moment: number) => void;
  /** Whether more may still happen than is recorded. */
  readonly isGoingOn: () => boolean;
}

const AT_FIRST: Playback = {
  phase: "loading",
  events: 0,
  message: "",
  begin: 0,
  end: 0,
  moment: 0,
  isPlaying: false,
  speed: 1,
  lost: 0,
  marks: [],
};

export class Player {
  private readonly options: PlayerOptions;
  private readonly replay: Replay;
  private readonly closing = new AbortController();
  private readonly listeners = new Set<() => void>();
  private playback = AT_FIRST;
  private cursor: string | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private ticked = 0;
  private caughtUp = 0;
  private isCatchingUp = false;
  /** Whether nothing went on any more when the loading began that has come to its end: then all is there. */
  private isWhole = false;

  constructor(options: PlayerOptions) {
    this.options = options;
    this.replay = new Replay(options.base);
  }

  readonly state = (): Playback => this.playback;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Load everything, then stand at a moment, or play from the beginning where there is none. */
  async open(at: number | null): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.closing.signal.aborted) return;
    const { span } = this.replay;
    if (span === null) {
      this.change({ phase: "empty" });
      return;
    }
    this.change({ phase: "ready" });
    this.seek(at ?? span.begin);
    if (at === null) this.play();
  }

  /** End the loading and the playing; nothing is shown from here on. */
  close(): void {
    this.closing.abort();
    this.pause();
  }

  play(): void {
    const { phase, moment, begin, end } = this.playback;
    if (phase !== "ready" || this.timer !== null) return;
    if (moment >= end && !this.mayGoOn()) this.seek(begin);
    this.ticked = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.change({ isPlaying: true });
  }

  pause(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.change({ isPlaying: false });
  }

  setSpeed(speed: Speed): void {
    this.change({ speed });
  }

  seek(to: number): void {
    const { begin, end } = this.playback;
    const moment = Math.min(end, Math.max(begin, to));
    this.options.show(this.replay.at(moment), moment);
    this.change({ moment });
  }

  private tick(): void {
    const now = performance.now();
    const { moment, end, speed } = this.playback;
    const next = moment + ((now - this.ticked) / 1000) * speed;
    this.ticked = now;
    if (next < end) this.seek(next);
    else {
      if (moment < end) this.seek(end);
      if (this.mayGoOn()) this.catchUp(now);
      else if (!this.isCatchingUp) this.pause();
    }
  }

  private catchUp(now: number): void {
    if (this.isCatchingUp || now - this.caughtUp < CATCH_UP_MS) return;
    this.isCatchingUp = true;
    this.caughtUp = now;
    // Where this fails, the next look in a second may succeed; that the server is away is said elsewhere.
    const done = () => {
      this.isCatchingUp = false;
    };
    this.load().then(done, done);
  }

  private mayGoOn(): boolean {
    return !this.isWhole || this.options.isGoingOn();
  }

  private async load(): Promise<void> {
    const isOver = !this.options.isGoingOn();
    for (;;) {
      const page = await this.options.page(this.cursor, this.closing.signal);
      if (this.closing.signal.aborted) return;
      this.cursor = page.cursor;
      if (page.items.length > 0) {
        this.replay.add(page.items);
        const { begin, end } = this.replay.span ?? { begin: 0, end: 0 };
        const { size: events, lost } = this.replay;
        this.change({ events, lost, begin, end, marks: this.replay.marks() });
      }
      if (page.next === null) break;
    }
    this.isWhole = isOver;
  }

  private fail(error: unknown): void {
    if (this.closing.signal.aborted) return;
    this.pause();
    const message = error instanceof Error ? error.message : String(error);
    this.change({ phase: "failed", message });
  }

  private change(change: Partial<Playback>): void {
    this.playback = { ...this.playback, ...change };
    for (const listener of this.listeners) listener();
  }
}
