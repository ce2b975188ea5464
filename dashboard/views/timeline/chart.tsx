import { useEffect, useMemo, useRef, useState } from "react";
import { ticks } from "@/core/time_axis";
import type { Bar, Group, Grouping } from "@/core/timeline";
import { fitted, neighbour } from "@/core/timeline";
import { useNavigation } from "@/views/parts/route";
import { barAt, useBarEvents } from "./bar_events";
import { useGestures } from "./gestures";
import { GroupRow } from "./group_row";
import { LANE_PX, laneTop, rowsInSight, rowsOf } from "./rows";
import { type Pointed, Tip } from "./tip";
import type { SpanView } from "./use_span";
import { useViewport } from "./use_viewport";

interface ChartProps {
  readonly groups: readonly Group[];
  readonly by: Grouping;
  readonly view: SpanView;
  readonly now: number;
}

const AXIS_PX = 28;
/** What is drawn above and below what is in sight. */
const OVERSCAN_PX = 120;

const WAYS: Readonly<Record<string, "left" | "right" | "up" | "down" | "first" | "last">> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "first",
  End: "last",
};

/** The lanes under their axis. Only what is in sight is in the document; the focus goes from bar to bar. */
export function Chart({ groups, by, view, now }: ChartProps) {
  const { go } = useNavigation();
  const scroller = useRef<HTMLDivElement>(null);
  const { width, height, scrollTop } = useViewport(scroller);
  const [focused, setFocused] = useState<string | null>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const wantsFocus = useRef(false);
  const { rows, height: whole } = useMemo(() => rowsOf(groups), [groups]);
  const left = width < 640 ? 92 : 176;
  const axis = Math.max(width - left, 1);
  const { span } = view;
  const scale = axis / (span.to - span.from);
  const top = scrollTop - OVERSCAN_PX;
  const bottom = scrollTop + height + OVERSCAN_PX;

  const tabStop =
    (focused !== null && laneTop(rows, focused) !== null ? focused : groups[0]?.lanes[0]?.at(-1)?.runId) ??
    null;

  const focus = (bar: Bar) => {
    wantsFocus.current = true;
    setFocused(bar.runId);
    view.reveal(bar);
    const laneAt = laneTop(rows, bar.runId);
    const node = scroller.current;
    if (laneAt === null || node === null) return;
    if (laneAt < node.scrollTop) node.scrollTop = laneAt;
    const room = node.clientHeight - AXIS_PX - LANE_PX;
    if (laneAt > node.scrollTop + room) node.scrollTop = laneAt - room;
  };
  useEffect(() => {
    if (!wantsFocus.current || focused === null) return;
    wantsFocus.current = false;
    scroller.current
      ?.querySelector<HTMLElement>(`[data-run="${CSS.escape(focused)}"]`)
      ?.focus({ preventScroll: true });
  });
  useGestures(scroller, left, {
    onZoom: (factor, x) => view.zoom(factor, span.from + Math.max(0, x) / scale),
    onPan: (pixels) => {
      setPointed(null);
      view.pan(pixels / scale);
    },
    onKey: (event) => {
      const seconds = (span.to - span.from) * 0.2;
      const way = WAYS[event.key];
      const anchor = barNamed(groups, barAt(event.target)?.dataset.run)?.startedAt;
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      if (event.key === "Escape" && pointed !== null) setPointed(null);
      else if (event.key === "+" || event.key === "=") view.zoom(1 / 1.5, anchor);
      else if (event.key === "-") view.zoom(1.5, anchor);
      else if (event.key === "<" || (event.shiftKey && way === "left")) view.pan(-seconds);
      else if (event.key === ">" || (event.shiftKey && way === "right")) view.pan(seconds);
      else if (way !== undefined) {
        const next = neighbour(groups, barAt(event.target)?.dataset.run ?? focused, way);
        if (next !== null) focus(next);
      } else return false;
      return true;
    },
  });
  useBarEvents(scroller, {
    onPoint: setPointed,
    onFocus: (runId) => {
      setFocused(runId);
      const bar = barNamed(groups, runId);
      if (bar !== undefined) view.reveal(bar);
    },
    onOpen: (run) => go({ view: "streams", run }),
  });

  const shown = rowsInSight(rows, top, bottom, tabStop);
  return (
    <>
      <div
        ref={scroller}
        className="relative min-h-0 flex-1 cursor-grab touch-pan-y overflow-x-hidden overflow-y-auto select-none active:cursor-grabbing"
      >
        <div
          aria-hidden
          className="sticky top-0 z-20 border-b border-line bg-page text-xs text-muted tabular-nums"
          style={{ height: AXIS_PX }}
        >
          {ticks(span, axis).map(({ at, label }) => (
            <span
              key={at}
              className="absolute top-1 border-l border-line pl-1 whitespace-nowrap"
              style={{ left: left + (at - span.from) * scale }}
            >
              {label}
            </span>
          ))}
          <span
            className="absolute inset-y-0 left-0 border-r border-line bg-page px-3 py-1"
            style={{ width: left }}
          >
            {by}
          </span>
        </div>
        <div className="relative min-h-full" style={{ height: whole }}>
          {ticks(span, axis).map(({ at }) => (
            <span
              key={at}
              aria-hidden
              className="absolute inset-y-0 w-px bg-line/60"
              style={{ left: left + (at - span.from) * scale }}
            />
          ))}
          {shown.map((row) => (
            <GroupRow
              key={row.group.key}
              row={row}
              by={by}
              sight={{ span, left, axis, top, bottom }}
              now={now}
              tabStop={tabStop}
              onZoom={(bars) => view.show(fitted(bars, now))}
              onReplay={(replay) => go({ replay, at: null })}
            />
          ))}
          {now >= span.from && now <= span.to && (
            <span
              aria-hidden
              data-now
              className="pointer-events-none absolute inset-y-0 z-10 w-px bg-accent"
              style={{ left: left + (now - span.from) * scale }}
            />
          )}
        </div>
      </div>
      {pointed !== null && <Tip pointed={pointed} now={now} />}
    </>
  );
}

function barNamed(groups: readonly Group[], runId: string | undefined): Bar | undefined {
  for (const { lanes } of groups)
    for (const lane of lanes) {
      const bar = lane.find((known) => known.runId === runId);
      if (bar !== undefined) return bar;
    }
  return undefined;
}
