/** JSON values: what they are, and one of them with a change. */

import type { Json, JsonObject } from "@/protocol/events";

/** Where something is inside a value: names of properties, numbers of items. */
export type Path = readonly (string | number)[];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Give the path as a JSON pointer (RFC 6901), empty for the whole value. */
export function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Give the object with one property changed, removed where it is undefined; the names in `order` come first. */
export function withProperty(
  object: JsonObject,
  name: string,
  value: Json | undefined,
  order: readonly string[] = [],
): JsonObject {
  const changed = new Map(Object.entries(object));
  if (value === undefined) changed.delete(name);
  else changed.set(name, value);
  const known = order.filter((key) => changed.has(key));
  const names = [...known, ...[...changed.keys()].filter((key) => !order.includes(key))];
  return Object.fromEntries(names.map((key) => [key, changed.get(key) ?? null]));
}

/** Whether two values are the same, whatever the order of their properties. */
export function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (isList(one) && isList(other)) {
    return one.length === other.length && one.every((item, index) => sameJson(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && sameJson(one[name], other[name]))
  );
}

/** Read JSON that somebody types; the error is a sentence for them. */
export function parseJson(text: string): { readonly value: Json } | { readonly error: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : "This is not JSON." };
  }
}

/** Give a value in one line of at most about `limit` characters: what a table has room for. */
export function summary(value: Json, limit = 240): string {
  if (!isObject(value)) return short(value, limit);
  const parts: string[] = [];
  let length = 0;
  for (const [name, part] of Object.entries(value)) {
    if (length >= limit) {
      parts.push("…");
      break;
    }
    const text = `${name}: ${short(part, limit - length)}`;
    parts.push(text);
    length += text.length;
  }
  return parts.join(" · ");
}

function short(value: Json, limit: number): string {
  if (isList(value) && value.length > 0) {
    const first = value[0] ?? null;
    const rest = value.length > 1 ? ` and ${value.length - 1} more` : "";
    return `${short(first, limit)}${rest}`;
  }
  const text = typeof value === "string" ? value.slice(0, limit + 1) : JSON.stringify(value);
  const line = text.replace(/\s+/g, " ");
  return line.length > limit ? `${line.slice(0, Math.max(limit, 1))}…` : line;
}
