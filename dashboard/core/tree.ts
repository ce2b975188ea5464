/** A JSON value as rows of a tree, of which only the open branches are listed. */

import type { Json } from "@/protocol/events";
import { isList, isObject, type Path, pointer } from "./json";

export interface TreeRow {
  readonly key: string;
  /** Name or number within its parent, empty for the whole value. */
  readonly name: string;
  readonly depth: number;
  readonly value: Json;
  /** How many parts it has; 0 for what has none. */
  readonly size: number;
  readonly isOpen: boolean;
  /** Place among its siblings, from 1, and how many there are. */
  readonly place: number;
  readonly count: number;
  /** How many siblings behind it are not listed: the row stands for them. */
  readonly hidden: number;
}

/** How many parts of a list or an object are listed before somebody asks for more. */
export const PAGE = 100;

/** Which branches are open, by pointer, and how many parts are listed of those that have many. */
export interface TreeView {
  readonly open: ReadonlySet<string>;
  readonly shown: ReadonlyMap<string, number>;
}

export function partsOf(value: Json): readonly (readonly [string | number, Json])[] {
  if (isList(value)) return value.map((part, index) => [index, part] as const);
  return isObject(value) ? Object.entries(value) : [];
}

/** Give the rows of the parts of a value, in order. */
export function treeRows(value: Json, view: TreeView): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  addParts(rows, value, [], view);
  return rows;
}

function addParts(rows: TreeRow[], value: Json, path: Path, view: TreeView): void {
  const parts = partsOf(value);
  const limit = view.shown.get(pointer(path)) ?? PAGE;
  for (const [index, [name, part]] of parts.slice(0, limit).entries()) {
    const own = [...path, name];
    const key = pointer(own);
    const size = sizeOf(part);
    const isOpen = size > 0 && view.open.has(key);
    rows.push({
      key,
      name: String(name),
      depth: path.length,
      value: part,
      size,
      isOpen,
      place: index + 1,
      count: parts.length,
      hidden: 0,
    });
    if (isOpen) addParts(rows, part, own, view);
  }
  if (parts.length > limit) rows.push(moreRow(path, parts.length, limit));
}

function moreRow(path: Path, count: number, limit: number): TreeRow {
  return {
    key: `${pointer(path)}/~more`,
    name: "",
    depth: path.length,
    value: null,
    size: 0,
    isOpen: false,
    place: limit + 1,
    count,
    hidden: count - limit,
  };
}

export function sizeOf(value: Json): number {
  if (isList(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

/** Give the branches that are open at first: the upper ones, while there are few. */
export function openAtFirst(value: Json, maxRows = 60): ReadonlySet<string> {
  const open = new Set<string>();
  let rows = sizeOf(value);
  let level: [Path, Json][] = [[[], value]];
  while (level.length > 0) {
    const inner = level.flatMap(([path, parent]) =>
      partsOf(parent)
        .slice(0, PAGE)
        .filter(([, part]) => sizeOf(part) > 0)
        .map(([name, part]): [Path, Json] => [[...path, name], part]),
    );
    for (const [path, part] of inner) {
      rows += sizeOf(part);
      if (rows > maxRows) return open;
      open.add(pointer(path));
    }
    level = inner;
  }
  return open;
}

/** Give a row's value as somebody would paste it: a text as it is, anything else as JSON. */
export function copied(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
