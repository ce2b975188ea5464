import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Extent, extentOf } from "@/core/process_figures";
import { clockTime } from "@/core/time_axis";
import { cn } from "@/ui/classes";
import { type Line, optionsOf, type Unit } from "./plot";

interface LineChartProps {
  readonly title: string;
  /** What is asked by whoever does not know the figure. */
  readonly hint: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly format: (value: number) => string;
  /** More words beside the figure. */
  readonly aside?: string;
}

const HEIGHT_PX = 132;
const TEXTS: Record<Line["colour"], string> = {
  running: "border-running",
  waiting: "border-waiting",
  done: "border-done",
  stopped: "border-stopped",
  accent: "border-accent",
};

/** One figure over the last minutes: in words, and drawn. What is pointed at takes the place of the last values. */
export function LineChart({ title, hint, times, lines, unit, format, aside }: LineChartProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const at = pointed === null ? undefined : times[pointed];
  return (
    <section aria-label={title} className="min-w-0 rounded-lg border border-line bg-panel p-3">
      <div className="flex flex-wrap items-baseline gap-x-2">
        <h2 className="text-sm font-semibold">{title}</h2>
        <p className="text-xs text-muted">{at === undefined ? hint : `at ${clockTime(at, 1)}`}</p>
      </div>
      <div className="mb-1 flex min-h-11 flex-wrap items-end gap-x-6 gap-y-1">
        {lines.map((line) => (
          <Figure
            key={line.label}
            line={line}
            value={at === undefined ? null : (line.values[pointed ?? 0] ?? null)}
            format={format}
          />
        ))}
        {aside !== undefined && <p className="ml-auto text-xs text-muted tabular-nums">{aside}</p>}
      </div>
      <Canvas times={times} lines={lines} unit={unit} format={format} onPoint={setPointed} />
    </section>
  );
}

interface FigureProps {
  readonly line: Line;
  /** The value that is pointed at. */
  readonly value: number | null;
  readonly format: (value: number) => string;
}

function Figure({ line, value, format }: FigureProps) {
  const { current, min, max }: Extent = extentOf(line.values);
  return (
    <p className="text-xs text-muted tabular-nums">
      <span className="flex items-center gap-1.5">
        <span
          aria-hidden
          className={cn("w-4 border-t-2", TEXTS[line.colour], line.isDashed && "border-dashed")}
        />
        {line.label}
      </span>
      <span className="mr-2 text-lg leading-6 font-semibold text-ink">{format(value ?? current)}</span>
      {format(min)} to {format(max)}
    </p>
  );
}

interface CanvasProps {
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly format: (value: number) => string;
  readonly onPoint: (index: number | null) => void;
}

/** The drawing alone; the words beside it and the table say the same. */
function Canvas({ times, lines, unit, format, onPoint }: CanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ times, lines, unit, format, onPoint });
  latest.current = { times, lines, unit, format, onPoint };
  useEffect(() => {
    const node = box.current;
    if (node === null) return;
    const { current } = latest;
    const drawn = new uPlot(
      optionsOf({ ...current, width: Math.max(node.clientWidth, 50), height: HEIGHT_PX }),
      dataOf(current),
      node,
    );
    plot.current = drawn;
    const sizes = new ResizeObserver(() => drawn.setSize({ width: node.clientWidth, height: HEIGHT_PX }));
    sizes.observe(node);
    const themes = new MutationObserver(() => drawn.redraw());
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      sizes.disconnect();
      themes.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf({ times, lines })), [times, lines]);
  return <div ref={box} aria-hidden className="w-full overflow-hidden" style={{ height: HEIGHT_PX }} />;
}

function dataOf({ times, lines }: Pick<CanvasProps, "times" | "lines">): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}
