/** Keys of the whole page, or of the view that is open: they do nothing while somebody writes or chooses. */

import { useEffect, useRef } from "react";
import { isPaletteKey, keyOf } from "@/core/keys";

const TAKERS =
  'input:not([type="checkbox"], [type="radio"], [type="range"], [type="button"]), textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"], [role="listbox"]';

function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TAKERS) !== null;
}

/** Call what belongs to a key, by `KeyboardEvent.key`, while the component is drawn. */
export function useKeys(handlers: Readonly<Record<string, () => void>>): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = keyOf(event, { isTaken: isTaken(event.target) });
      if (key === null || !Object.hasOwn(latest.current, key)) return;
      event.preventDefault();
      latest.current[key]?.();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

export function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!isPaletteKey(event)) return;
      event.preventDefault();
      open();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [open]);
}
