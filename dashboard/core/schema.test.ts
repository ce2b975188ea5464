import { expect, describe as group, test } from "vitest";
import type { JsonObject } from "@/protocol/events";
import order from "./samples/order.json";
import { describe, type Field, initialItem, initialValue, shapeOf, variantOf, wantedValue } from "./schema";

const ORDER = shapeOf(order);
const NODE = shapeOf({ $ref: "#/$defs/Node", $defs: order.$defs });

function property(name: string, shape = ORDER): Field {
  const field = describe(shape);
  const found = field.kind === "object" && field.properties.find((known) => known.name === name);
  if (!found) throw new Error(`no property ${name}`);
  return describe(found.shape);
}

group("what a form asks for", () => {
  test("an object has its properties in order, and says which are required", () => {
    const field = describe(ORDER);
    if (field.kind !== "object") throw new Error("no object");
    expect(field.title).toBe("Order");
    expect(field.description).toBe("An order as a shop takes it.");
    expect(field.properties.map(({ name }) => name).slice(0, 4)).toEqual(["title", "body", "count", "price"]);
    expect(field.properties.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(
      order.required,
    );
  });

  test("a short text gets one line, a text without such a bound several", () => {
    expect(property("title")).toMatchObject({ kind: "text", isLong: false, limits: "1 to 80 characters" });
    expect(property("body")).toMatchObject({ kind: "text", isLong: true, description: "All of it" });
  });

  test("numbers say their bounds", () => {
    expect(property("count")).toMatchObject({ kind: "number", isInteger: true, limits: "1 to 100" });
    expect(property("price")).toMatchObject({ isInteger: false, limits: "more than 0 and less than 1000" });
  });

  test("enums and literals are choices, also through a reference", () => {
    expect(property("colour")).toMatchObject({ kind: "choice", options: ["red", "blue"], title: "Colour" });
    expect(property("level")).toMatchObject({ kind: "choice", options: [1, 2], fallback: 1 });
    expect(property("mood")).toMatchObject({ kind: "choice", options: ["calm", "loud", 3] });
    expect(property("only")).toMatchObject({ kind: "choice", options: ["x"] });
    expect(property("opt_colour")).toMatchObject({
      kind: "choice",
      options: ["red", "blue"],
      isNullable: true,
    });
  });

  test("what may be null is what it is otherwise", () => {
    expect(property("home")).toMatchObject({
      kind: "object",
      title: "Address",
      description: "If any",
      isNullable: true,
      fallback: null,
    });
    expect(property("day")).toMatchObject({
      kind: "text",
      isNullable: true,
      limits: "date, such as 2026-11-23",
    });
    expect(property("address")).toMatchObject({ kind: "object", isNullable: false });
  });

  test("a list of types with null in it may be null", () => {
    const field = describe(shapeOf({ type: ["string", "null"] }));
    expect(field).toMatchObject({ kind: "text", isNullable: true });
  });

  test("a union is its variants", () => {
    const pet = property("pet");
    if (pet.kind !== "variants") throw new Error("no union");
    expect(pet.variants.map((variant) => describe(variant).title)).toEqual(["Cat", "Dog"]);
    expect(property("other")).toMatchObject({ kind: "variants", isNullable: false });
  });

  test("a list knows its items and its bounds, a tuple each place", () => {
    expect(property("tags")).toMatchObject({ kind: "list", maxItems: 5, limits: "at most 5 items" });
    const pair = property("pair");
    if (pair.kind !== "list") throw new Error("no list");
    expect([0, 1].map((place) => describe(pair.itemShape(place)).kind)).toEqual(["number", "text"]);
    expect(property("seen").limits).toBe("each once");
  });

  test("a dictionary of one kind of value is a map, one of anything is JSON", () => {
    const extra = property("extra");
    expect(extra.kind === "map" && describe(extra.valueShape).kind).toBe("number");
    expect(property("anything2").kind).toBe("json");
    expect(property("anything").kind).toBe("json");
  });

  test("a type that holds itself is read no further than asked", () => {
    expect(describe(NODE)).toMatchObject({ kind: "object", title: "Node" });
    expect(property("parent", NODE)).toMatchObject({ kind: "object", title: "Node", isNullable: true });
  });

  test("a reference that leads nowhere, or round in a circle, asks for JSON", () => {
    expect(describe(shapeOf({ $ref: "#/$defs/Gone" })).kind).toBe("json");
    const circle: JsonObject = { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } };
    expect(describe(shapeOf(circle)).kind).toBe("json");
  });

  test("the name of a property may be one that objects have anyway", () => {
    const schema: JsonObject = {
      type: "object",
      properties: { constructor: { type: "string" } },
      required: [],
    };
    expect(property("constructor", shapeOf(schema)).kind).toBe("text");
  });
});

group("what a form starts with", () => {
  test("defaults are there, what nobody can know is not", () => {
    const value = initialValue(ORDER);
    expect(value).toMatchObject({
      flag: true,
      mood: "calm",
      level: 1,
      exact: "1.5",
      home: null,
      ok: false,
      only: "x",
    });
    expect(value).not.toHaveProperty("title");
    expect(value).not.toHaveProperty("count");
    expect(value).not.toHaveProperty("tags");
    expect(value).toHaveProperty("address", { zip: null });
    expect(value).toHaveProperty("pet", { kind: "cat", lives: 9 });
  });

  test("a list starts with as many items as it needs", () => {
    const facts: JsonObject = { type: "array", items: { type: "string" }, minItems: 3 };
    expect(initialValue(shapeOf(facts))).toEqual(["", "", ""]);
    expect(initialItem(shapeOf({ type: "integer" }))).toBeNull();
  });

  test("what may be left out starts with its own fields once it is wanted", () => {
    const home = describe(ORDER);
    const shape = home.kind === "object" && home.properties.find(({ name }) => name === "home")?.shape;
    if (!shape) throw new Error("no home");
    expect(initialValue(shape)).toBeNull();
    expect(wantedValue(shape)).toEqual({ zip: null });
  });

  test("a type that needs itself without end starts with something all the same", () => {
    const loop: JsonObject = {
      $ref: "#/$defs/Loop",
      $defs: { Loop: { type: "object", properties: { next: { $ref: "#/$defs/Loop" } }, required: ["next"] } },
    };
    expect(initialValue(shapeOf(loop))).toHaveProperty("next.next.next");
  });
});

group("which variant a value has", () => {
  const variants = (name: string) => {
    const field = property(name);
    return field.kind === "variants" ? field.variants : [];
  };

  test("the property with one possible value tells", () => {
    expect(variantOf(variants("pet"), { kind: "dog" })).toBe(1);
    expect(variantOf(variants("pet"), { kind: "cat", lives: 3 })).toBe(0);
    expect(variantOf(variants("pet"), { kind: "fish" })).toBe(-1);
  });

  test("otherwise what the variants need tells", () => {
    expect(variantOf(variants("pet"), { breed: "pug" })).toBe(0);
    const [cat, dog] = variants("pet");
    if (!cat || !dog) throw new Error("no variants");
    const need = (name: string) => shapeOf({ type: "object", properties: { [name]: {} }, required: [name] });
    expect(variantOf([need("a"), need("b")], { b: 1 })).toBe(1);
    expect(variantOf([need("a"), need("b")], {})).toBe(0);
  });

  test("of numbers and texts the kind of the value tells", () => {
    expect(variantOf(variants("other"), 3)).toBe(0);
    expect(variantOf(variants("other"), "3")).toBe(1);
    expect(variantOf(variants("other"), 3.5)).toBe(-1);
    expect(variantOf(variants("other"), undefined)).toBe(-1);
  });
});
