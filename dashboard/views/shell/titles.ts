/** What the views are called. */

import type { View } from "@/core/route";

export const TITLES: Readonly<Record<View, string>> = {
  streams: "Streams",
  graph: "Graph",
  board: "Board",
  timeline: "Timeline",
  metrics: "Metrics",
};
