/** What a form has to ask for, read from a JSON Schema as pydantic makes it. Nothing is read before it is asked for,
 * so that a type may hold itself. */

import type { Json, JsonObject } from "@/protocol/events";
import { isList, isObject, sameJson } from "./json";
import { limits } from "./schema_limits";

/** A schema, and the document its references point into. */
export interface Shape {
  readonly schema: JsonObject;
  readonly root: JsonObject;
}

export interface Property {
  readonly name: string;
  readonly shape: Shape;
  readonly isRequired: boolean;
}

interface Common {
  /** Name of the type, or what kind of value it is. */
  readonly title: string;
  readonly description: string;
  /** What is asked of the value, in words. */
  readonly limits: string;
  readonly isNullable: boolean;
  readonly fallback: Json | undefined;
}

export type Field = Common &
  (
    | { readonly kind: "text"; readonly isLong: boolean }
    | { readonly kind: "number"; readonly isInteger: boolean }
    | { readonly kind: "boolean" }
    | { readonly kind: "choice"; readonly options: readonly Json[] }
    | {
        readonly kind: "list";
        readonly itemShape: (index: number) => Shape;
        readonly minItems: number;
        readonly maxItems: number;
      }
    | { readonly kind: "object"; readonly properties: readonly Property[] }
    | { readonly kind: "map"; readonly valueShape: Shape }
    | { readonly kind: "variants"; readonly variants: readonly Shape[] }
    | { readonly kind: "json" }
  );

/** Longest text that gets a single line. */
const MAX_LINE_CHARS = 120;

/** How deep a value is filled in before somebody asks for more. */
const MAX_INITIAL_DEPTH = 6;

export function shapeOf(schema: JsonObject): Shape {
  return { schema, root: schema };
}

export function describe({ schema, root }: Shape): Field {
  const outer = resolved(schema, root);
  const variants = alternatives(outer);
  const rest = variants.filter((variant) => !isNull(resolved(variant, root)));
  const [only] = rest;
  const inner = rest.length === 1 && only !== undefined ? merged(resolved(only, root), outer) : outer;
  const options = choices(rest.length > 1 ? rest.map((variant) => resolved(variant, root)) : [inner]);
  const field = kindOf(inner, root, rest, options);
  return {
    ...field,
    title: textOf(inner.title) || WORDS[field.kind],
    description: textOf(outer.description) || textOf(inner.description),
    limits: limits(inner),
    isNullable:
      rest.length < variants.length || typesOf(inner).includes("null") || options?.includes(null) === true,
    fallback: outer.default,
  };
}

const WORDS: Record<Field["kind"], string> = {
  text: "text",
  number: "number",
  boolean: "yes or no",
  choice: "choice",
  list: "list",
  object: "object",
  map: "object",
  variants: "any of several",
  json: "JSON",
};

type Kind = Field extends infer F ? (F extends Field ? Omit<F, keyof Common> : never) : never;

function kindOf(
  schema: JsonObject,
  root: JsonObject,
  variants: readonly JsonObject[],
  options: readonly Json[] | null,
): Kind {
  const at = (part: Json | undefined): Shape => ({ schema: isObject(part) ? part : {}, root });
  if (options !== null) return { kind: "choice", options: options.filter((option) => option !== null) };
  if (variants.length > 1) return { kind: "variants", variants: variants.map(at) };
  switch (typesOf(schema).find((type) => type !== "null")) {
    case "string":
      return { kind: "text", isLong: isLong(schema) };
    case "integer":
      return { kind: "number", isInteger: true };
    case "number":
      return { kind: "number", isInteger: false };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return listKind(schema, at);
    case "object":
      return objectKind(schema, at);
    default:
      return isObject(schema.properties) ? objectKind(schema, at) : { kind: "json" };
  }
}

function listKind(schema: JsonObject, at: (part: Json | undefined) => Shape): Kind {
  const places = isList(schema.prefixItems) ? schema.prefixItems : [];
  const maxItems = typeof schema.maxItems === "number" ? schema.maxItems : Number.POSITIVE_INFINITY;
  const minItems = typeof schema.minItems === "number" ? schema.minItems : 0;
  return { kind: "list", itemShape: (index) => at(places[index] ?? schema.items), minItems, maxItems };
}

function objectKind(schema: JsonObject, at: (part: Json | undefined) => Shape): Kind {
  const { properties, additionalProperties: others } = schema;
  if (!isObject(properties))
    return isObject(others) ? { kind: "map", valueShape: at(others) } : { kind: "json" };
  const required = isList(schema.required) ? schema.required : [];
  const named = Object.entries(properties).map(([name, part]) => ({
    name,
    shape: at(part),
    isRequired: required.includes(name),
  }));
  return { kind: "object", properties: named };
}

/** Give what a form starts with, undefined for what nobody can know. */
export function initialValue(shape: Shape, depth = 0): Json | undefined {
  const field = describe(shape);
  if (field.fallback !== undefined) return field.fallback;
  if (field.isNullable) return null;
  return depth > MAX_INITIAL_DEPTH ? undefined : ownValue(field, depth);
}

/** Give what a list or an object that may be left out starts with once it is wanted. */
export function wantedValue(shape: Shape): Json {
  const field = describe(shape);
  return ownValue(field, 0) ?? (field.kind === "list" ? [] : {});
}

function ownValue(field: Field, depth: number): Json | undefined {
  switch (field.kind) {
    case "boolean":
      return false;
    case "choice":
      return field.options.length === 1 ? field.options[0] : undefined;
    case "list":
      return Array.from({ length: field.minItems }, (_, index) =>
        initialItem(field.itemShape(index), depth + 1),
      );
    case "object":
      return initialObject(field.properties, depth + 1);
    case "map":
      return {};
    case "variants":
      return field.variants[0] && initialValue(field.variants[0], depth + 1);
    default:
      return undefined;
  }
}

/** Give what a new item of a list starts with: an item is there, if only as something empty. */
export function initialItem(shape: Shape, depth = 0): Json {
  return initialValue(shape, depth) ?? (describe(shape).kind === "text" ? "" : null);
}

function initialObject(properties: readonly Property[], depth: number): JsonObject {
  const entries = properties.flatMap(({ name, shape, isRequired }): [string, Json][] => {
    const value = isRequired ? initialValue(shape, depth) : describe(shape).fallback;
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

/** Give which of several shapes a value has, -1 where it has none of them. */
export function variantOf(variants: readonly Shape[], value: Json | undefined): number {
  const whole = variants.findIndex((shape) => fits(describe(shape), value, true));
  return whole === -1 ? variants.findIndex((shape) => fits(describe(shape), value, false)) : whole;
}

function fits(field: Field, value: Json | undefined, isWhole: boolean): boolean {
  if (value === undefined || value === null) return value === null && field.isNullable;
  switch (field.kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return field.isInteger ? Number.isInteger(value) : typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return field.options.some((option) => sameJson(option, value));
    case "list":
      return isList(value);
    case "map":
      return isObject(value);
    case "object":
      return isObject(value) && field.properties.every((property) => hasProperty(property, value, isWhole));
    case "variants":
      return field.variants.some((shape) => fits(describe(shape), value, isWhole));
    case "json":
      return true;
  }
}

/** What tells objects apart is a property with one possible value, then which properties they need. */
function hasProperty({ name, shape, isRequired }: Property, value: JsonObject, isWhole: boolean): boolean {
  const part = value[name];
  if (part === undefined) return !(isWhole && isRequired);
  const field = describe(shape);
  return field.kind !== "choice" || field.options.length !== 1 || fits(field, part, false);
}

function resolved(schema: JsonObject, root: JsonObject): JsonObject {
  let found = schema;
  for (let steps = 0; steps < 32; steps += 1) {
    const { $ref: reference, allOf: parts, ...own } = found;
    const [part] = isList(parts) && parts.length === 1 ? parts : [];
    if (typeof reference === "string") found = { ...lookUp(reference, root), ...own };
    else if (isObject(part)) found = { ...part, ...own };
    else return found;
  }
  return {};
}

function lookUp(reference: string, root: JsonObject): JsonObject {
  let found: Json | undefined = root;
  for (const part of reference.split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return isObject(found) ? found : {};
}

function merged(inner: JsonObject, outer: JsonObject): JsonObject {
  const { anyOf: _any, oneOf: _one, title: _title, ...own } = outer;
  return { ...inner, ...own };
}

function alternatives(schema: JsonObject): readonly JsonObject[] {
  const found = schema.anyOf ?? schema.oneOf;
  return isList(found) ? found.filter(isObject) : [];
}

function choices(schemas: readonly JsonObject[]): readonly Json[] | null {
  const options = schemas.map(({ const: only, enum: many }) =>
    only !== undefined ? [only] : isList(many) ? many : null,
  );
  return options.some((option) => option === null) ? null : options.flatMap((option) => option ?? []);
}

function typesOf({ type }: JsonObject): readonly string[] {
  const types = isList(type) ? type : [type];
  return types.filter((name) => typeof name === "string");
}

function isNull(schema: JsonObject): boolean {
  return schema.type === "null" || schema.const === null;
}

function isLong({ format, maxLength }: JsonObject): boolean {
  return format === undefined && !(typeof maxLength === "number" && maxLength <= MAX_LINE_CHARS);
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
