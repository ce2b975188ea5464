import { useCallback, useMemo, useState } from "react";
import { following, panned, type Span, zoomed } from "@/core/time_axis";
import { type Bar, firstLook, fitted, lastActivity } from "@/core/timeline";

/** `follow` keeps the last moment in sight, `fit` all runs, `free` stays where it was put. */
export type Mode = "follow" | "fit" | "free";

export interface SpanView {
  readonly span: Span;
  readonly mode: Mode;
  readonly setMode: (mode: Mode) => void;
  /** Make the span `factor` times as long; around the moment at `anchor`, or its middle. */
  readonly zoom: (factor: number, anchor?: number) => void;
  readonly pan: (seconds: number) => void;
  readonly show: (span: Span) => void;
  /** Move the span so far that this bar can be seen. */
  readonly reveal: (bar: Bar) => void;
}

/** Give what part of the time is shown, and the ways to change it. */
export function useSpan(bars: readonly Bar[], now: number): SpanView {
  const [mode, setMode] = useState<Mode>("follow");
  const [chosen, setChosen] = useState<Span | null>(null);
  if (chosen === null && bars.length > 0) setChosen(firstLook(bars, now));
  const edge = lastActivity(bars, now);
  const span = useMemo(() => {
    const last = chosen ?? { from: edge - 60, to: edge };
    if (mode === "fit") return fitted(bars, edge);
    return mode === "follow" ? following(last, edge) : last;
  }, [chosen, mode, bars, edge]);

  const zoom = useCallback(
    (factor: number, anchor?: number) => {
      const follows = mode === "follow" && anchor === undefined;
      setChosen(zoomed(span, factor, anchor ?? (follows ? span.to : (span.from + span.to) / 2)));
      if (!follows) setMode("free");
    },
    [mode, span],
  );
  const show = useCallback((next: Span) => {
    setChosen(next);
    setMode("free");
  }, []);
  const pan = useCallback((seconds: number) => show(panned(span, seconds)), [show, span]);
  const reveal = useCallback(
    (bar: Bar) => {
      const end = bar.endedAt ?? edge;
      if (end > span.from && bar.startedAt < span.to) return;
      pan(bar.startedAt - span.from - (span.to - span.from) * 0.1);
    },
    [span, edge, pan],
  );
  return { span, mode, setMode, zoom, pan, show, reveal };
}
