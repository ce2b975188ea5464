/** A run's output as a form that grows: its fields' pointers (RFC 6901) as a tree, artifact by artifact. */

import type { FieldText, Run } from "./run";

/** A value that is being written. `key` is the channel its text is in. */
export interface Leaf {
  readonly kind: "leaf";
  readonly label: string;
  readonly key: string;
  readonly isText: boolean;
}

/** An object or a list, with the parts of it that have begun. */
export interface Group {
  readonly kind: "group";
  readonly label: string;
  readonly pointer: string;
  readonly isList: boolean;
  readonly parts: readonly Part[];
}

export type Part = Leaf | Group;

/** What stands below each other in a pane, in the order in which it began. */
export type Section =
  | { readonly kind: "form"; readonly artifactId: string | null; readonly parts: readonly Part[] }
  | { readonly kind: "reasoning" | "tool_call" | "tool_result" | "log"; readonly field: FieldText };

/** Give the sections of a run's fields; it depends on which fields there are, never on their text. */
export function sectionsOf(fields: Run["fields"]): Section[] {
  const forms = new Map<string | null, FieldText[]>();
  const sections: (Section | FieldText[])[] = [];
  for (const field of fields) {
    if (field.outputType !== "llm_token") sections.push({ kind: kindOf(field), field });
    else {
      const known = forms.get(field.artifactId);
      if (known !== undefined) known.push(field);
      else {
        const form = [field];
        forms.set(field.artifactId, form);
        sections.push(form);
      }
    }
  }
  return sections.map((section) =>
    Array.isArray(section)
      ? { kind: "form", artifactId: section[0]?.artifactId ?? null, parts: partsOf(section) }
      : section,
  );
}

function kindOf({ outputType }: FieldText): "reasoning" | "tool_call" | "tool_result" | "log" {
  switch (outputType) {
    case "reasoning":
    case "tool_call":
    case "tool_result":
      return outputType;
    default:
      return "log";
  }
}

interface Node {
  readonly label: string;
  readonly pointer: string;
  leaf: FieldText | null;
  readonly children: Map<string, Node>;
}

/** Give the tree of the pointers of some fields, each place in the order in which it began. */
export function partsOf(fields: readonly FieldText[]): Part[] {
  const root: Node = { label: "", pointer: "", leaf: null, children: new Map() };
  for (const field of fields) nodeOf(root, pointerNames(field.field)).leaf = field;
  return [...root.children.values()].flatMap(partsOfNode);
}

/** Give the names that a pointer without its leading slash goes along. */
export function pointerNames(pointer: string | null): string[] {
  if (pointer === null) return [""];
  return pointer.split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function nodeOf(root: Node, names: readonly string[]): Node {
  let node = root;
  for (const name of names) {
    const pointer = `${node.pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const next = node.children.get(name) ?? { label: name, pointer, leaf: null, children: new Map() };
    node.children.set(name, next);
    node = next;
  }
  return node;
}

/** A place can have text of its own and parts below it: both are shown, nothing that was said is left out. */
function partsOfNode({ label, pointer, leaf, children }: Node): Part[] {
  const parts: Part[] = [];
  if (leaf !== null) parts.push({ kind: "leaf", label, key: leaf.key, isText: leaf.kind === "text" });
  if (children.size > 0) {
    const isList = [...children.keys()].every((name) => /^(0|[1-9]\d*)$/.test(name));
    const below = [...children.values()].flatMap(partsOfNode);
    parts.push({ kind: "group", label, pointer, isList, parts: below });
  }
  return parts;
}

/** Give a complete JSON value that is an object or a list; undefined for a simple one, or one that goes on. */
export function containerOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Give name and arguments of a tool call: flock's own is a JSON object, a model's native one `name arguments`. */
export function toolCallOf(text: string): { readonly name: string; readonly rest: string } {
  const value: unknown = containerOf(text);
  if (typeof value === "object" && value !== null && "name" in value && typeof value.name === "string") {
    const given = "arguments" in value ? value.arguments : {};
    return { name: value.name, rest: argumentsLine(given) };
  }
  const space = text.search(/[\s({]/);
  return space === -1
    ? { name: text, rest: "" }
    : { name: text.slice(0, space), rest: text.slice(space).trim() };
}

function argumentsLine(given: unknown): string {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return JSON.stringify(given) ?? "";
  return Object.entries(given)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(", ");
}
