/** Wheel, drag, pinch and keys on the chart, as moves of the span that is shown. */

import { type RefObject, useEffect, useRef } from "react";

export interface Gestures {
  /** Zoom around a place in pixels from the left edge of the axis. */
  readonly onZoom: (factor: number, x: number) => void;
  readonly onPan: (pixels: number) => void;
  /** Take a key; false where it means nothing here. */
  readonly onKey: (event: KeyboardEvent) => boolean;
}

const DRAG_PX = 4;

/** Watch an element; `left` is where the axis begins in it. */
export function useGestures(element: RefObject<HTMLElement | null>, left: number, gestures: Gestures): void {
  const latest = useRef(gestures);
  useEffect(() => {
    latest.current = gestures;
  });
  useEffect(() => {
    const node = element.current;
    if (node === null) return;
    const place = (clientX: number) => clientX - node.getBoundingClientRect().left - left;
    const ending = new AbortController();
    const { signal } = ending;
    node.addEventListener("wheel", (event) => wheel(event, place, latest.current), {
      passive: false,
      signal,
    });
    node.addEventListener(
      "keydown",
      (event) => {
        if (!latest.current.onKey(event)) return;
        event.preventDefault();
        event.stopPropagation();
      },
      { signal },
    );
    drag(node, place, () => latest.current, signal);
    return () => ending.abort();
  }, [element, left]);
}

function wheel(event: WheelEvent, place: (clientX: number) => number, { onZoom, onPan }: Gestures): void {
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    onZoom(Math.exp(Math.min(60, Math.max(-60, event.deltaY)) / 100), place(event.clientX));
    return;
  }
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
  event.preventDefault();
  onPan(sideways);
}

/** One pointer pans, two zoom. A drag that began on a bar does not open its run. */
function drag(
  node: HTMLElement,
  place: (clientX: number) => number,
  gestures: () => Gestures,
  signal: AbortSignal,
): void {
  const pointers = new Map<number, number>();
  let moved = 0;
  const forget = ({ pointerId }: PointerEvent) => pointers.delete(pointerId);
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const others = [...pointers].filter(([id]) => id !== event.pointerId);
    const [other] = others;
    pointers.set(event.pointerId, event.clientX);
    moved += Math.abs(event.clientX - before);
    if (moved < DRAG_PX) return;
    if (!node.hasPointerCapture(event.pointerId)) node.setPointerCapture(event.pointerId);
    if (other === undefined) gestures().onPan(before - event.clientX);
    else {
      const fixed = other[1];
      const factor = Math.max(Math.abs(before - fixed), 8) / Math.max(Math.abs(event.clientX - fixed), 8);
      gestures().onZoom(factor, place(fixed));
    }
  };
  node.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      if (pointers.size === 0) moved = 0;
      pointers.set(event.pointerId, event.clientX);
    },
    { signal },
  );
  node.addEventListener("pointermove", move, { signal });
  node.addEventListener("pointerup", forget, { signal });
  node.addEventListener("pointercancel", forget, { signal });
  node.addEventListener(
    "click",
    (event) => {
      if (moved >= DRAG_PX) event.stopPropagation();
      moved = 0;
    },
    { signal, capture: true },
  );
}
