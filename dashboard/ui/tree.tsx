import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { visible } from "@/core/text";
import { copied, openAtFirst, PAGE, type TreeRow, treeRows } from "@/core/tree";
import type { Json } from "@/protocol/events";
import { CheckIcon, ChevronDownIcon, ChevronRightIcon, CopyIcon } from "@/ui/icons";
import { Button } from "./button";
import { cn } from "./classes";

/** Longest text that is shown whole at once. */
const MAX_CHARS = 400;

interface TreeProps {
  readonly label: string;
  readonly value: Json;
  readonly onCopy: (text: string) => Promise<void>;
}

/** A JSON value as a tree of its parts. Arrows move and open, Enter shows all of a long text, C copies. */
export function Tree({ label, value, onCopy }: TreeProps) {
  const [open, setOpen] = useState(() => openAtFirst(value));
  const [shown, setShown] = useState<ReadonlyMap<string, number>>(new Map());
  const [active, setActive] = useState<string | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const rows = treeRows(value, { open, shown });
  const current = rows.some(({ key }) => key === active) ? active : (rows[0]?.key ?? null);

  const toggle = (row: TreeRow) => {
    const next = new Set(open);
    if (!next.delete(row.key)) next.add(row.key);
    setOpen(next);
  };
  const showMore = (row: TreeRow) => {
    const parent = row.key.slice(0, row.key.lastIndexOf("/"));
    setShown(new Map(shown).set(parent, row.place - 1 + 10 * PAGE));
  };
  const focus = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    setActive(row.key);
    const items = root.current?.querySelectorAll<HTMLElement>('[role="treeitem"]');
    items?.[rows.indexOf(row)]?.focus();
  };
  const press = (event: KeyboardEvent, row: TreeRow, index: number) => {
    if (event.target !== event.currentTarget) return;
    const move = moves(rows, row, index)[event.key];
    if (move !== undefined) focus(move);
    else if (opens(event.key, row)) row.hidden > 0 ? showMore(row) : toggle(row);
    else if (event.key === "c" && !event.ctrlKey && !event.metaKey) void onCopy(copied(row.value));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (rows.length === 0) return <Leaf value={value} isWhole onWhole={() => {}} />;
  return (
    <div ref={root} role="tree" aria-label={label} className="text-sm">
      {rows.map((row, index) => (
        <Item
          key={row.key}
          row={row}
          isCurrent={row.key === current}
          onFocus={() => setActive(row.key)}
          onPress={(event) => press(event, row, index)}
          onToggle={() => (row.hidden > 0 ? showMore(row) : toggle(row))}
          onCopy={() => onCopy(copied(row.value))}
        />
      ))}
    </div>
  );
}

/** Where each key leads from a row. */
function moves(rows: readonly TreeRow[], row: TreeRow, index: number): Readonly<Record<string, number>> {
  const parent = rows.slice(0, index).findLastIndex(({ depth }) => depth < row.depth);
  return {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: rows.length - 1,
    ...(row.isOpen ? { ArrowRight: index + 1 } : {}),
    ...(!row.isOpen && parent >= 0 ? { ArrowLeft: parent } : {}),
  };
}

function opens(key: string, row: TreeRow): boolean {
  if (row.hidden > 0) return key === "Enter" || key === " ";
  if (row.size === 0) return false;
  return key === "Enter" || key === " " || key === (row.isOpen ? "ArrowLeft" : "ArrowRight");
}

interface ItemProps {
  readonly row: TreeRow;
  readonly isCurrent: boolean;
  readonly onFocus: () => void;
  readonly onPress: (event: KeyboardEvent) => void;
  readonly onToggle: () => void;
  readonly onCopy: () => Promise<void>;
}

function Item({ row, isCurrent, onFocus, onPress, onToggle, onCopy }: ItemProps) {
  const [isWhole, setWhole] = useState(false);
  return (
    <div
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.place}
      aria-setsize={row.count}
      aria-expanded={row.size > 0 ? row.isOpen : undefined}
      tabIndex={isCurrent ? 0 : -1}
      className="group flex items-start gap-1 rounded py-0.5 pr-1 hover:bg-raised"
      style={{ paddingLeft: `${row.depth}rem` }}
      onFocus={onFocus}
      onKeyDown={(event) => {
        if (
          event.key === "Enter" &&
          event.target === event.currentTarget &&
          row.size === 0 &&
          row.hidden === 0
        ) {
          setWhole(!isWhole);
        }
        onPress(event);
      }}
    >
      {row.hidden > 0 ? (
        <button type="button" tabIndex={-1} className="ml-5 text-accent underline" onClick={onToggle}>
          {row.hidden} more
        </button>
      ) : (
        <>
          <Opener row={row} onToggle={onToggle} />
          <span className="shrink-0 text-muted">{visible(row.name)}</span>
          <span className="min-w-0 flex-1">
            {row.size > 0 ? (
              <span className="pl-1 text-xs text-muted">{sizeWord(row)}</span>
            ) : (
              <Leaf value={row.value} isWhole={isWhole} onWhole={() => setWhole(!isWhole)} />
            )}
          </span>
          <CopyButton name={row.name} onCopy={onCopy} />
        </>
      )}
    </div>
  );
}

function Opener({ row, onToggle }: { readonly row: TreeRow; readonly onToggle: () => void }) {
  if (row.size === 0) return <span className="w-4 shrink-0" />;
  const Icon = row.isOpen ? ChevronDownIcon : ChevronRightIcon;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={`${row.isOpen ? "Close" : "Open"} ${visible(row.name)}`}
      className="flex h-5 w-4 shrink-0 items-center justify-center text-muted"
      onClick={onToggle}
    >
      <Icon aria-hidden />
    </button>
  );
}

function sizeWord({ value, size }: TreeRow): string {
  const word = Array.isArray(value) ? "item" : "field";
  return `${size} ${word}${size === 1 ? "" : "s"}`;
}

interface LeafProps {
  readonly value: Json;
  readonly isWhole: boolean;
  readonly onWhole: () => void;
}

function Leaf({ value, isWhole, onWhole }: LeafProps) {
  if (typeof value !== "string") {
    return <span className="pl-1 font-mono text-xs break-words">{visible(JSON.stringify(value))}</span>;
  }
  const isLong = value.length > MAX_CHARS;
  const text = isLong && !isWhole ? value.slice(0, MAX_CHARS) : value;
  return (
    <span className="block pl-1">
      <span dir="auto" className={cn("block break-words whitespace-pre-wrap", value === "" && "text-muted")}>
        {value === "" ? "empty text" : visible(text)}
      </span>
      {isLong && (
        <button type="button" tabIndex={-1} className="text-xs text-accent underline" onClick={onWhole}>
          {isWhole ? "Show less" : `Show all ${value.length.toLocaleString("en")} characters`}
        </button>
      )}
    </span>
  );
}

function CopyButton({ name, onCopy }: { readonly name: string; readonly onCopy: () => Promise<void> }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [isDone]);
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      tabIndex={-1}
      aria-label={isDone ? "Copied" : `Copy ${visible(name)}`}
      className="-my-0.5 text-muted opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
      onClick={() => void onCopy().then(() => setDone(true))}
    >
      {isDone ? <CheckIcon aria-hidden /> : <CopyIcon aria-hidden />}
    </Button>
  );
}
