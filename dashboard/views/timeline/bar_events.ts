/** What is pointed at, focused and opened among the bars: one listener for all of them. */

import { type RefObject, useEffect, useRef } from "react";
import type { Pointed } from "./tip";

interface BarEvents {
  readonly onPoint: (pointed: Pointed | null) => void;
  readonly onFocus: (runId: string) => void;
  readonly onOpen: (runId: string) => void;
}

/** Give the bar that an event came from. */
export function barAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-run]") : null;
}

export function useBarEvents(element: RefObject<HTMLElement | null>, events: BarEvents): void {
  const latest = useRef(events);
  useEffect(() => {
    latest.current = events;
  });
  useEffect(() => {
    const node = element.current;
    if (node === null) return;
    const ending = new AbortController();
    const { signal } = ending;
    const point = ({ target }: Event) => latest.current.onPoint(pointedAt(barAt(target)));
    const leave = () => latest.current.onPoint(null);
    node.addEventListener("pointerover", point, { signal });
    node.addEventListener("pointerleave", leave, { signal });
    node.addEventListener("scroll", leave, { signal, passive: true });
    node.addEventListener("focusout", leave, { signal });
    node.addEventListener(
      "focusin",
      (event) => {
        point(event);
        const runId = barAt(event.target)?.dataset.run;
        if (runId !== undefined) latest.current.onFocus(runId);
      },
      { signal },
    );
    node.addEventListener(
      "click",
      ({ target }) => {
        const runId = barAt(target)?.dataset.run;
        if (runId !== undefined) latest.current.onOpen(runId);
      },
      { signal },
    );
    return () => ending.abort();
  }, [element]);
}

function pointedAt(bar: HTMLElement | null): Pointed | null {
  const runId = bar?.dataset.run;
  if (bar === null || runId === undefined) return null;
  const { left, top, bottom } = bar.getBoundingClientRect();
  return { runId, x: left, top, bottom };
}
