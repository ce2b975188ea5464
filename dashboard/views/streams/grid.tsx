import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Arrangement, Seating } from "@/core/arrangement";
import { GAP, gridOf, type Space } from "@/core/grid";
import { useFlock } from "@/store";
import { useNavigation } from "@/views/parts/route";
import { togglePin, useSettings } from "@/views/parts/settings";
import { compared } from "./compared";
import { Empty } from "./empty";
import { neighbour } from "./keys";
import { Pane } from "./pane";

/** Where somebody was in the grid before they opened a pane. */
export interface Place {
  top: number;
  runId: string | null;
}

/** Give who stands where, anew in each beat that changes it. */
function useArrangement(): Arrangement {
  const { filter } = useNavigation().route;
  const { pins } = useSettings();
  const [seating] = useState(() => new Seating());
  return useFlock(
    useCallback((state) => seating.arrange(state, filter, pins, Date.now() / 1000), [seating, filter, pins]),
  );
}

/** All panes, of which those in the window are drawn. */
export function Grid({ place }: { readonly place: RefObject<Place> }) {
  const { order, seats } = useArrangement();
  const { density } = useSettings();
  const scroller = useRef<HTMLDivElement>(null);
  const space = useSpace(scroller);
  const grid = useMemo(() => gridOf(space, density === "auto" ? seats : density), [space, density, seats]);
  const { columns, rowHeight, paneSize, tail } = grid;
  const rows = useVirtualizer({
    count: Math.ceil(order.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight + GAP,
    overscan: 1,
    initialOffset: place.current.top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a row's height is what the rows are measured by
  useLayoutEffect(() => rows.measure(), [rowHeight, columns]);
  const [current, setCurrent] = useCurrent(scroller, order, place, (index) =>
    rows.scrollToIndex(Math.floor(index / columns)),
  );
  const onKeyDown = useGridKeys(order, columns, setCurrent);
  useEffect(() => {
    const element = scroller.current;
    const now = place.current;
    return () => {
      now.top = element?.scrollTop ?? 0;
    };
  }, [place]);
  const drawn = rows
    .getVirtualItems()
    .flatMap(({ index, start }) =>
      order.slice(index * columns, (index + 1) * columns).map((runId, column) => ({ runId, column, start })),
    );
  const stop = drawn.some(({ runId }) => runId === current) ? current : drawn[0]?.runId;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the panes inside, which have the focus
    <div ref={scroller} className="grid-scroller" onKeyDown={onKeyDown}>
      {order.length === 0 ? (
        <Empty />
      ) : (
        <div className="relative" style={{ height: Math.max(0, rows.getTotalSize() - GAP) }}>
          {drawn.map(({ runId, column, start }) => (
            <Pane
              key={runId}
              runId={runId}
              size={paneSize}
              isTabStop={runId === stop}
              left={`calc((100% + ${GAP}px) / ${columns} * ${column})`}
              width={`calc((100% + ${GAP}px) / ${columns} - ${GAP}px)`}
              top={start}
              height={rowHeight}
              tail={tail}
            />
          ))}
        </div>
      )}
    </div>
  );
}

/** Give the size of the window that a scroller has for panes. */
function useSpace(scroller: RefObject<HTMLDivElement | null>): Space {
  const [space, setSpace] = useState<Space>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => {
      const style = getComputedStyle(element);
      const width =
        element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
      const height = element.clientHeight - Number.parseFloat(style.paddingTop) * 2;
      setSpace((known) => (known.width === width && known.height === height ? known : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return space;
}

/** The pane that has the focus, or had it last: it takes it again when it comes into the window. */
function useCurrent(
  scroller: RefObject<HTMLDivElement | null>,
  order: readonly string[],
  place: RefObject<Place>,
  reveal: (index: number) => void,
): readonly [string | null, (runId: string) => void] {
  const [current, setCurrent] = useState(place.current.runId);
  const wanted = useRef(place.current.runId);
  useEffect(() => {
    if (wanted.current === null) return;
    const pane = scroller.current?.querySelector<HTMLElement>(`[data-run="${CSS.escape(wanted.current)}"]`);
    if (pane === null || pane === undefined) return;
    wanted.current = null;
    pane.focus({ preventScroll: false });
  });
  const choose = (runId: string) => {
    place.current.runId = runId;
    wanted.current = runId;
    setCurrent(runId);
    reveal(order.indexOf(runId));
  };
  return [current, choose];
}

function useGridKeys(order: readonly string[], columns: number, setCurrent: (runId: string) => void) {
  const { route, go } = useNavigation();
  return (event: KeyboardEvent<HTMLElement>) => {
    const { target } = event;
    if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const runId = target.dataset.run;
    if (runId === undefined) return;
    const index = neighbour(event.key, order.indexOf(runId), columns, order.length);
    const next = index === null ? undefined : order[index];
    if (next !== undefined) setCurrent(next);
    else if (event.key === "Enter") {
      setCurrent(runId);
      go({ run: runId });
    } else if (event.key === "p") togglePin(runId);
    else if (event.key === "c") go({ compare: compared(route.compare, runId) });
    else return;
    event.preventDefault();
  };
}
