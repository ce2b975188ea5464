/** What the publish form starts with. */

import type { Json } from "@/protocol/events";

export interface Prefill {
  readonly type?: string;
  readonly payload?: Json;
  readonly correlationId?: string;
  readonly tags?: readonly string[];
}
