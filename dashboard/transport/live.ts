/** The live connection: goes on with the cursor of the last frame, after a growing pause. */

import type { Frame } from "@/protocol/events";
import { CLOSES } from "@/protocol/events";
import { Clock } from "./clock";

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

/** `since` is when the connection was lost, in milliseconds of `Date.now()`. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "paused" }
  | { readonly state: "lost"; readonly since: number; readonly reason: string }
  | { readonly state: "refused"; readonly code: number; readonly reason: string };

export interface LiveHandlers {
  /** Take a frame; false where it cannot be taken, and the connection has to start over without its cursor. */
  readonly onFrame: (frame: Frame, at: number) => boolean;
  readonly onConnection: (connection: Connection) => void;
  /** Give where to go on, null to start over. */
  readonly cursor: () => string | null;
}

export interface LiveOptions {
  readonly url: (path: string) => string;
  readonly random?: () => number;
}

export class Live {
  private readonly handlers: LiveHandlers;
  private readonly options: LiveOptions;
  private readonly clock = new Clock();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private failures = 0;
  private lostSince: number | null = null;
  private startsOver = false;
  private isLive = false;

  constructor(handlers: LiveHandlers, options: LiveOptions) {
    this.handlers = handlers;
    this.options = options;
  }

  /** Connect, now: also where a pause before the next attempt is under way. */
  connect(): void {
    this.leave();
    if (this.lostSince === null) this.handlers.onConnection({ state: "connecting" });
    const cursor = this.startsOver ? null : this.handlers.cursor();
    const place = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const socket = new WebSocket(this.options.url(`/ws?format=compact${place}`));
    this.socket = socket;
    this.startsOver = false;
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.socket) this.take(data);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (socket === this.socket) this.lose(code, reason);
    });
  }

  /** Leave, until `connect` is called. */
  pause(): void {
    this.leave();
    this.lostSince = null;
    this.failures = 0;
    this.handlers.onConnection({ state: "paused" });
  }

  private take(data: unknown): void {
    if (typeof data !== "string") return;
    const frame: Frame = JSON.parse(data);
    const at = this.clock.read(frame);
    if (!this.handlers.onFrame(frame, at)) {
      this.startOver();
      return;
    }
    this.failures = 0;
    if (this.lostSince === null && this.isLive) return;
    this.isLive = true;
    this.lostSince = null;
    this.handlers.onConnection({ state: "live" });
  }

  private startOver(): void {
    this.startsOver = true;
    this.leave();
    this.retry("what arrived does not fit");
  }

  private lose(code: number, reason: string): void {
    this.socket = null;
    const close = CLOSES.find((known) => known.code === code);
    if (close !== undefined && !close.reconnect && code !== 1000) {
      this.isLive = false;
      this.handlers.onConnection({ state: "refused", code, reason: reason || close.name });
    } else this.retry(reason || close?.name || "the server does not answer");
  }

  private retry(reason: string): void {
    this.isLive = false;
    this.lostSince ??= Date.now();
    this.handlers.onConnection({ state: "lost", since: this.lostSince, reason });
    const random = this.options.random ?? Math.random;
    const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures) * (0.5 + random() / 2);
    this.failures = Math.min(this.failures + 1, 10);
    this.timer = setTimeout(() => this.connect(), pause);
  }

  private leave(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { socket } = this;
    this.socket = null;
    this.isLive = false;
    socket?.close();
  }
}
