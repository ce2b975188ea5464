/** How somebody likes the page: kept in this browser, apart from the address, which is for sharing. */

import { useSyncExternalStore } from "react";
import { DENSITIES, type Density } from "@/core/grid";
import { keep, kept } from "./kept";

export const TEXT_MODES = ["auto", "markdown", "plain"] as const;

/** `auto`: markdown in panes that are large enough to show it. */
export type TextMode = (typeof TEXT_MODES)[number];

export interface Settings {
  readonly density: Density;
  readonly text: TextMode;
  /** Ids of pinned runs, in the order in which they were pinned. */
  readonly pins: readonly string[];
}

const KEY = "flock-settings";

/** Runs come and go; more pins than this are of runs that nobody will see again. */
const MAX_PINS = 32;

export const DEFAULTS: Settings = { density: "auto", text: "auto", pins: [] };

/** Read settings as they were kept; what cannot be read counts as not given. */
export function parseSettings(text: string | null): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "{}");
  } catch {
    return DEFAULTS;
  }
  if (typeof value !== "object" || value === null) return DEFAULTS;
  const given = new Map<string, unknown>(Object.entries(value));
  const pins = given.get("pins");
  return {
    density: DENSITIES.find((known) => known === given.get("density")) ?? DEFAULTS.density,
    text: TEXT_MODES.find((known) => known === given.get("text")) ?? DEFAULTS.text,
    pins: Array.isArray(pins) ? pins.filter((pin) => typeof pin === "string").slice(-MAX_PINS) : [],
  };
}

const listeners = new Set<() => void>();
let source: string | null = null;
let current: Settings = DEFAULTS;

function read(): Settings {
  const text = kept(KEY);
  if (text !== source) {
    source = text;
    current = parseSettings(text);
  }
  return current;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

export function changeSettings(change: Partial<Settings>): void {
  const next = { ...read(), ...change };
  keep(KEY, JSON.stringify({ ...next, pins: next.pins.slice(-MAX_PINS) }));
  for (const listener of listeners) listener();
}

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, read);
}

/** Pin a run, or let go of it. */
export function togglePin(runId: string): void {
  const { pins } = read();
  changeSettings({ pins: pins.includes(runId) ? pins.filter((id) => id !== runId) : [...pins, runId] });
}
