/** The server's clock, as far as frames tell it: deltas carry no time of their own. */

import type { Frame } from "@/protocol/events";

export class Clock {
  private aheadS: number | null = null;

  /** Give when a frame was made, in seconds by the server's clock. */
  read(frame: Frame, nowS: number = Date.now() / 1000): number {
    for (const event of frame.events) {
      if (!("type" in event) || event.type === "snapshot") continue;
      const aheadS = event.timestamp - nowS;
      if (event.type === "hello") this.aheadS = aheadS;
      else if (this.aheadS === null || aheadS > this.aheadS) this.aheadS = aheadS;
    }
    return nowS + (this.aheadS ?? 0);
  }
}
