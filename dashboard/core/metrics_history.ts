/** Measurements of before the page was there, joined to those it has received. */

import type { Metrics } from "@/protocol/events";
import { METRICS_SPAN_S } from "./state";

/** Give all measurements in order, each moment once, as far back as metrics reach. */
export function withHistory(received: readonly Metrics[], history: readonly Metrics[]): readonly Metrics[] {
  const moments = new Map([...history, ...received].map((one) => [one.timestamp, one]));
  const all = [...moments.values()].sort((one, other) => one.timestamp - other.timestamp);
  const last = all.at(-1)?.timestamp ?? 0;
  return all.filter(({ timestamp }) => timestamp > last - METRICS_SPAN_S);
}
