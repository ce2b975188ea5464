// biome-ignore-all lint/a11y/useSemanticElements: a table's own elements cannot be placed freely, which a virtual list needs
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus, and says which row is chosen

import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  memo,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Order, Row } from "@/core/board";
import { summary } from "@/core/json";
import { visible } from "@/core/text";
import { cn } from "@/ui/classes";
import { ArrowDownIcon, ArrowUpIcon } from "@/ui/icons";
import { useCatalog } from "@/views/parts/catalog";
import type { Payloads } from "./payloads";
import { shortTime, wholeTime } from "./short_time";
import { useLoaded } from "./use_payload";

const WIDE_ROW_PX = 34;
const NARROW_ROW_PX = 58;

const COLUMNS =
  "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 px-3 md:grid-cols-[6.5rem_minmax(6rem,9rem)_minmax(6rem,11rem)_5rem_minmax(0,1fr)]";

interface TableProps {
  readonly rows: readonly Row[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly open: string | null;
  readonly onOpen: (id: string, how: "push" | "replace") => void;
  readonly onClose: () => void;
  readonly onEnd: () => void;
  readonly payloads: Payloads;
  readonly isWhole: boolean;
  readonly isNarrow: boolean;
}

/** Artifacts in rows, of which only those in sight are drawn. Arrows choose one, Enter opens it. */
export function Table({
  rows,
  order,
  onOrder,
  open,
  onOpen,
  onClose,
  onEnd,
  payloads,
  isWhole,
  isNarrow,
}: TableProps) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [chosen, setChosen] = useState<string | null>(open);
  const height = isNarrow ? NARROW_ROW_PX : WIDE_ROW_PX;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    payloads.want(rows.slice(first, last + 1), "in sight");
    if (last >= rows.length - 20) onEnd();
  }, [payloads, rows, first, last, onEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured again
  useEffect(() => virtual.measure(), [height]);

  useSteadyScroll(box, rows, order, height);

  const place = rows.findIndex((row) => row.id === chosen);
  const press = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / height) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: rows.length - 1,
    };
    const move = moves[event.key];
    const row = rows[Math.max(0, Math.min(rows.length - 1, move ?? place))];
    if (event.key === "Escape" && open !== null) onClose();
    else if (event.key === "Enter" && row !== undefined && place !== -1) onOpen(row.id, "push");
    else if (move !== undefined && row !== undefined) {
      setChosen(row.id);
      virtual.scrollToIndex(rows.indexOf(row));
      if (open !== null) onOpen(row.id, "replace");
    } else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      role="grid"
      aria-label="Artifacts"
      aria-rowcount={isWhole ? rows.length + 1 : -1}
      aria-activedescendant={place === -1 ? undefined : `${id}-${chosen}`}
      tabIndex={0}
      onKeyDown={press}
      onFocus={() => place === -1 && setChosen(rows[0]?.id ?? null)}
      className="group/grid h-full min-w-0 overflow-auto bg-panel outline-none"
    >
      <Head order={order} onOrder={onOrder} />
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          return (
            row !== undefined && (
              <Line
                key={row.id}
                row={row}
                id={`${id}-${row.id}`}
                index={item.index}
                top={item.start}
                height={height}
                isChosen={row.id === chosen}
                isOpen={row.id === open}
                payloads={payloads}
                onOpen={() => {
                  setChosen(row.id);
                  onOpen(row.id, "push");
                }}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

/** Keep the rows somebody looks at where they are, while others come in above them. */
function useSteadyScroll(
  box: RefObject<HTMLDivElement | null>,
  rows: readonly Row[],
  order: Order,
  height: number,
): void {
  const anchor = useRef<{ readonly id: string; readonly index: number; readonly order: Order } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const before = anchor.current;
    if (element.scrollTop > 0 && before?.order === order && rows[before.index]?.id !== before.id) {
      const now = rows.findIndex(({ id }) => id === before.id);
      if (now !== -1) element.scrollTop += (now - before.index) * height;
    }
    const index = Math.floor(element.scrollTop / height);
    const row = rows[index];
    anchor.current = row === undefined ? null : { id: row.id, index, order };
  });
}

function Head({ order, onOrder }: { readonly order: Order; readonly onOrder: (order: Order) => void }) {
  const Icon = order === "newest" ? ArrowDownIcon : ArrowUpIcon;
  return (
    <div role="rowgroup" className="sticky top-0 z-10 border-b border-line bg-raised text-xs text-muted">
      <div role="row" aria-rowindex={1} className={cn(COLUMNS, "h-8")}>
        <span role="columnheader" aria-sort={order === "newest" ? "descending" : "ascending"}>
          <button
            type="button"
            className="flex items-center gap-1 font-medium text-ink"
            onClick={() => onOrder(order === "newest" ? "oldest" : "newest")}
          >
            Time
            <Icon aria-hidden className="size-3.5" />
            <span className="sr-only">, {order} first</span>
            <span aria-hidden className="font-normal text-muted md:hidden">
              {order} first
            </span>
          </button>
        </span>
        {["Type", "Producer", "Correlation", "Payload"].map((title) => (
          <span key={title} role="columnheader" className="max-md:sr-only">
            {title}
          </span>
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly isChosen: boolean;
  readonly isOpen: boolean;
  readonly payloads: Payloads;
  readonly onOpen: () => void;
}

const Line = memo(
  function Line({ row, id, index, top, height, isChosen, isOpen, payloads, onOpen }: LineProps) {
    const artifact = useLoaded(payloads, row.id);
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
      <div
        role="row"
        id={id}
        aria-rowindex={index + 2}
        aria-selected={isOpen}
        onClick={onOpen}
        className={cn(
          COLUMNS,
          "absolute inset-x-0 cursor-pointer contain-strict content-center gap-y-0.5 border-b border-line text-sm hover:bg-raised",
          isChosen && "-outline-offset-2 outline-accent group-focus-visible/grid:outline-2",
          isOpen && "bg-raised shadow-[inset_3px_0_0_var(--accent)]",
        )}
        style={{ transform: `translateY(${top}px)`, height }}
      >
        <span
          role="gridcell"
          title={wholeTime(row.at)}
          className="text-xs text-muted tabular-nums max-md:order-2 max-md:text-right"
        >
          {shortTime(row.at, Date.now() / 1000)}
        </span>
        <span role="gridcell" className="truncate font-medium max-md:order-1">
          {visible(row.type)}
          <span className="ml-2 font-normal text-muted md:hidden">
            <Producer name={row.producer} />
          </span>
        </span>
        <span role="gridcell" className="truncate text-muted max-md:hidden">
          <Producer name={row.producer} />
        </span>
        <span role="gridcell" className="truncate font-mono text-xs text-muted max-md:hidden">
          {row.correlationId.slice(0, 8)}
        </span>
        <span
          role="gridcell"
          dir="auto"
          className="truncate text-muted max-md:order-3 max-md:col-span-2 md:text-ink"
        >
          {artifact === undefined ? "…" : visible(summary(artifact.payload))}
        </span>
      </div>
    );
  },
  (one, other) =>
    one.row === other.row &&
    one.index === other.index &&
    one.top === other.top &&
    one.height === other.height &&
    one.isChosen === other.isChosen &&
    one.isOpen === other.isOpen,
);

/** Who published it; where the demo model speaks, it says so. */
export function Producer({ name }: { readonly name: string }) {
  const isSimulated = useCatalog().agents.some((agent) => agent.name === name && agent.simulated);
  return (
    <>
      {visible(name)}
      {isSimulated && <span className="ml-1.5 text-xs">simulated</span>}
    </>
  );
}
