/** The keys that work in every view. */

import type { KeyHelp } from "@/core/keys";

export const EVERYWHERE: readonly KeyHelp[] = [
  { keys: ["1", "2", "3", "4", "5"], does: "Streams, Graph, Board, Timeline, Metrics" },
  { keys: ["/"], does: "Filter by text" },
  { keys: ["x"], does: "Clear the filter" },
  { keys: ["n"], does: "Publish a new artifact" },
  { keys: ["r"], does: "Run an agent" },
  { keys: ["f"], does: "Freeze what is drawn, and go on" },
  { keys: ["t"], does: "Dark or light" },
  { keys: ["?"], does: "This sheet" },
];

/** Held together with Ctrl or Cmd, or only while something is open: no other key can be in their way. */
export const BESIDE: readonly KeyHelp[] = [
  { keys: ["Ctrl+K", "⌘K"], does: "Commands: everything by name" },
  { keys: ["Escape"], does: "Close what is open" },
];

const modules = import.meta.glob<{ readonly KEYS: readonly KeyHelp[] }>("/views/*/keys.ts", { eager: true });

/** The keys of the views, by the name of their folder. */
export const OF_VIEWS: Readonly<Record<string, readonly KeyHelp[]>> = Object.fromEntries(
  Object.entries(modules)
    .filter(([, { KEYS }]) => KEYS !== undefined)
    .map(([path, { KEYS }]) => [path.split("/").at(-2) ?? path, KEYS]),
);
