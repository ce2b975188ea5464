/** The live connection: goes on with the cursor of the last frame, after a growing pause. */

import type { Frame } from "@/protocol/events";
import { CLOSES } from "@/protocol/events";
import { pauseMs } from "./backoff";
import { Clock } from "./clock";

/** A connection that has held this long counts as good: the next pause is short again. */
const STEADY_MS = 5_000;

/** The server speaks at least every few seconds; where nothing came for so long, the connection is dead. */
const SILENCE_MS = 20_000;

/** `since` is when the connection was lost, in milliseconds of `Date.now()`. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "paused" }
  | { readonly state: "lost"; readonly since: number; readonly reason: string }
  | { readonly state: "refused"; readonly code: number; readonly reason: string };

export interface LiveHandlers {
  /** Take a frame; false where it does not fit, and one has to connect again: then `cursor` says from where. */
  readonly onFrame: (frame: Frame, at: number) => boolean;
  readonly onConnection: (connection: Connection) => void;
  /** Give where to go on, null to start over. */
  readonly cursor: () => string | null;
}

export interface LiveOptions {
  readonly url: (path: string) => string;
  /** Give how long to wait after so many failures in a row. */
  readonly pauseMs?: (failures: number) => number;
  readonly silenceMs?: number;
}

export class Live {
  private readonly handlers: LiveHandlers;
  private readonly options: LiveOptions;
  private readonly clock = new Clock();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private lostSince: number | null = null;
  private openedAt = 0;
  private isLive = false;

  constructor(handlers: LiveHandlers, options: LiveOptions) {
    this.handlers = handlers;
    this.options = options;
  }

  /** Connect, now: also where a pause before the next attempt is under way. */
  connect(): void {
    this.leave();
    if (this.lostSince === null) this.handlers.onConnection({ state: "connecting" });
    const cursor = this.handlers.cursor();
    const place = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const socket = new WebSocket(this.options.url(`/ws?format=compact${place}`));
    this.socket = socket;
    this.openedAt = Date.now();
    this.listen();
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
    this.listen();
    const frame: Frame = JSON.parse(data);
    const at = this.clock.read(frame);
    if (!this.handlers.onFrame(frame, at)) {
      this.giveUp("what arrived does not fit");
      return;
    }
    if (Date.now() - this.openedAt >= STEADY_MS) this.failures = 0;
    if (this.lostSince === null && this.isLive) return;
    this.isLive = true;
    this.lostSince = null;
    this.handlers.onConnection({ state: "live" });
  }

  /** Wait for the next frame, but not for ever. */
  private listen(): void {
    clearTimeout(this.silence);
    const patience = this.options.silenceMs ?? SILENCE_MS;
    this.silence = setTimeout(() => this.giveUp("the server has gone silent"), patience);
  }

  private giveUp(reason: string): void {
    this.leave();
    this.retry(reason);
  }

  private lose(code: number, reason: string): void {
    this.leave();
    const close = CLOSES.find((known) => known.code === code);
    if (close !== undefined && !close.reconnect && code !== 1000) {
      this.handlers.onConnection({ state: "refused", code, reason: reason || close.name });
    } else this.retry(reason || close?.name || "the server does not answer");
  }

  private retry(reason: string): void {
    this.lostSince ??= Date.now();
    this.handlers.onConnection({ state: "lost", since: this.lostSince, reason });
    const pause = (this.options.pauseMs ?? pauseMs)(this.failures);
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), pause);
  }

  private leave(): void {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    const { socket } = this;
    this.socket = null;
    this.isLive = false;
    socket?.close();
  }
}
