/** What the address says: the view, the filter, and what is open in it. Every state one may want to share is here. */

import type { StreamState } from "@/protocol/events";

export const VIEWS = ["streams", "graph", "board", "timeline", "metrics"] as const;
export type View = (typeof VIEWS)[number];

export const STATES: readonly StreamState[] = [
  "queued",
  "running",
  "completed",
  "failed",
  "cancelled",
  "timed_out",
  "interrupted",
];

/** Values of one key are alternatives, keys add up; `text` is looked for in agents, types, ids and output. */
export interface Filter {
  readonly agents: readonly string[];
  readonly types: readonly string[];
  readonly correlations: readonly string[];
  readonly states: readonly StreamState[];
  readonly text: string;
}

export interface Route {
  readonly view: View;
  readonly filter: Filter;
  /** The run, and the artifact, that are open. */
  readonly run: string | null;
  readonly artifact: string | null;
  /** Runs that are compared side by side. */
  readonly compare: readonly string[];
  /** The correlation that is replayed, and the moment, in seconds since the Unix epoch. */
  readonly replay: string | null;
  readonly at: number | null;
}

export const NO_FILTER: Filter = { agents: [], types: [], correlations: [], states: [], text: "" };
export const HOME: Route = {
  view: "streams",
  filter: NO_FILTER,
  run: null,
  artifact: null,
  compare: [],
  replay: null,
  at: null,
};

/** Read the search part of an address; what it does not know it takes for not given. */
export function parseRoute(search: string): Route {
  const params = new URLSearchParams(search);
  const all = (name: string) => params.getAll(name).filter((value) => value !== "");
  const view = params.get("view");
  const at = Number.parseFloat(params.get("at") ?? "");
  const states = all("state");
  return {
    view: VIEWS.find((known) => known === view) ?? HOME.view,
    filter: {
      agents: all("agent"),
      types: all("type"),
      correlations: all("correlation"),
      states: STATES.filter((state) => states.includes(state)),
      text: params.get("q") ?? "",
    },
    run: params.get("run") || null,
    artifact: params.get("artifact") || null,
    compare: all("compare"),
    replay: params.get("replay") || null,
    at: Number.isFinite(at) ? at : null,
  };
}

/** Give the search part of an address, empty where there is nothing to say. */
export function formatRoute(route: Route): string {
  const params = new URLSearchParams();
  const { filter } = route;
  if (route.view !== HOME.view) params.append("view", route.view);
  for (const agent of filter.agents) params.append("agent", agent);
  for (const type of filter.types) params.append("type", type);
  for (const correlation of filter.correlations) params.append("correlation", correlation);
  for (const state of filter.states) params.append("state", state);
  if (filter.text !== "") params.append("q", filter.text);
  if (route.run !== null) params.append("run", route.run);
  if (route.artifact !== null) params.append("artifact", route.artifact);
  for (const run of route.compare) params.append("compare", run);
  if (route.replay !== null) params.append("replay", route.replay);
  if (route.at !== null) params.append("at", route.at.toFixed(3));
  return params.size > 0 ? `?${params}` : "";
}

export function isFiltering(filter: Filter): boolean {
  return formatRoute({ ...HOME, filter }) !== "";
}
