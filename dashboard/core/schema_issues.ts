/** Where in a form a violation belongs that the server reports: its paths are joined by dots, name the variant of a
 * union in between, and hold what does not fit any field, too. */

import type { Issue } from "@/protocol/api";
import type { Json } from "@/protocol/events";
import { isList, isObject, type Path, pointer } from "./json";
import { describe, type Shape, variantOf } from "./schema";

interface Place {
  readonly path: Path;
  /** What of the server's path has no field of its own. */
  readonly rest: string;
  /** Whether it is about a variant of a union that nobody has chosen. */
  readonly isOfOther: boolean;
}

/** Give the messages by the pointer of the field they belong to; those of the whole value are at "". */
export function placeIssues(
  shape: Shape,
  value: Json | undefined,
  issues: readonly Issue[],
): ReadonlyMap<string, readonly string[]> {
  const placed = issues.map((issue) => ({
    ...place(shape, value, issue.path === "(root)" ? "" : issue.path, []),
    message: issue.message,
  }));
  const chosen = placed.filter((issue) => !issue.isOfOther).map((issue) => pointer(issue.path));
  const found = new Map<string, string[]>();
  for (const { path, rest, isOfOther, message } of placed) {
    const key = pointer(path);
    if (isOfOther && chosen.some((other) => other === key || other.startsWith(`${key}/`))) continue;
    found.set(key, [...(found.get(key) ?? []), rest === "" ? message : `${rest}: ${message}`]);
  }
  return found;
}

function place(shape: Shape, value: Json | undefined, rest: string, path: Path): Place {
  const here = { path, rest, isOfOther: false };
  if (rest === "") return here;
  const field = describe(shape);
  switch (field.kind) {
    case "object": {
      const names = field.properties.map((property) => property.name);
      const name = leading(names, rest);
      const property = field.properties.find((known) => known.name === name);
      if (name === null || property === undefined) return here;
      return place(property.shape, isObject(value) ? value[name] : undefined, behind(name, rest), [
        ...path,
        name,
      ]);
    }
    case "map": {
      const name = leading(isObject(value) ? Object.keys(value) : [], rest);
      if (name === null || !isObject(value)) return here;
      return place(field.valueShape, value[name], behind(name, rest), [...path, name]);
    }
    case "list": {
      const digits = /^\d+/.exec(rest)?.[0];
      if (digits === undefined) return here;
      const index = Number(digits);
      if (!isList(value) || index >= value.length) return here;
      return place(field.itemShape(index), value[index], behind(digits, rest), [...path, index]);
    }
    case "variants":
      return placeInVariant(field.variants, value, rest, path);
    default:
      return { ...here, rest: "" };
  }
}

function placeInVariant(
  variants: readonly Shape[],
  value: Json | undefined,
  rest: string,
  path: Path,
): Place {
  const chosen = variants[variantOf(variants, value)];
  if (chosen === undefined) return { path, rest: "", isOfOther: false };
  const [tag = ""] = rest.split(".", 1);
  const inner = behind(tag, rest);
  const own = describe(chosen);
  const isOther =
    variants.some((shape) => shape !== chosen && describe(shape).title === tag) && own.title !== tag;
  if (isOther) return { path, rest, isOfOther: true };
  const found = place(chosen, value, inner, path);
  return found.path.length > path.length || inner === "" ? found : place(chosen, value, rest, path);
}

function leading(names: readonly string[], rest: string): string | null {
  const fitting = names.filter((name) => rest === name || rest.startsWith(`${name}.`));
  return fitting.toSorted((one, other) => other.length - one.length)[0] ?? null;
}

function behind(part: string, rest: string): string {
  return rest.slice(part.length + 1);
}
