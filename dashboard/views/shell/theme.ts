/** Dark or light: as the system says, until somebody chooses. */

import { useSyncExternalStore } from "react";
import { keep, kept } from "@/views/parts/kept";

type Theme = "dark" | "light";
const KEY = "flock-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  const value = kept(KEY);
  return value === "dark" || value === "light" ? value : null;
}

function current(): Theme {
  return chosen() ?? (system.matches ? "dark" : "light");
}

function apply(): void {
  document.documentElement.dataset.theme = current();
  for (const listener of listeners) listener();
}

/** Draw the page in the theme that holds, and in that of the system whenever it changes. */
export function installTheme(): void {
  system.addEventListener("change", apply);
  apply();
}

export function useTheme(): readonly [Theme, () => void] {
  const theme = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
  const toggle = () => {
    keep(KEY, theme === "dark" ? "light" : "dark");
    apply();
  };
  return [theme, toggle];
}
