import { useState } from "react";
import { isList, isObject, withProperty } from "@/core/json";
import {
  describe,
  type Field,
  initialItem,
  initialValue,
  type Shape,
  variantOf,
  wantedValue,
} from "@/core/schema";
import { visible } from "@/core/text";
import type { Json } from "@/protocol/events";
import { Button } from "@/ui/button";
import { Cross2Icon, PlusIcon } from "@/ui/icons";
import { Input, Select } from "@/ui/input";
import { SchemaField } from "./field";
import { GroupFrame } from "./frame";
import { type FieldProps, InsidePlace, usePlace } from "./place";

type Of<K extends Field["kind"]> = { readonly field: Extract<Field, { kind: K }>; readonly of: FieldProps };

const INDENT = "flex min-w-0 flex-col gap-3 border-l-2 border-line pl-3";

/** Every property; where the whole may be left out, it is asked for only once it is wanted. */
export function ObjectField({ field, of }: Of<"object">) {
  if (!isObject(of.value)) return <Absent field={field} of={of} />;
  const value = of.value;
  return (
    <GroupFrame field={field} of={withRemoval(field, of)}>
      <div className={INDENT}>
        <Properties field={field} of={of} value={value} />
      </div>
    </GroupFrame>
  );
}

interface PropertiesProps extends Of<"object"> {
  readonly value: { readonly [name: string]: Json };
}

export function Properties({ field, of, value }: PropertiesProps) {
  const order = field.properties.map(({ name }) => name);
  if (field.properties.length === 0) return <p className="text-sm text-muted">It has no fields.</p>;
  return field.properties.map(({ name, shape, isRequired }) => (
    <SchemaField
      key={name}
      shape={shape}
      path={[...of.path, name]}
      label={name}
      isRequired={isRequired}
      value={Object.hasOwn(value, name) ? value[name] : undefined}
      onChange={(part) => of.onChange(withProperty(value, name, part, order))}
    />
  ));
}

export function ListField({ field, of }: Of<"list">) {
  if (!isList(of.value)) return <Absent field={field} of={of} />;
  const items = of.value;
  const isFixed = field.minItems === field.maxItems;
  return (
    <GroupFrame field={field} of={withRemoval(field, of)}>
      <div className={INDENT}>
        {items.map((item, index) => (
          <SchemaField
            // biome-ignore lint/suspicious/noArrayIndexKey: an item is its place, nothing else tells it from others
            key={index}
            shape={field.itemShape(index)}
            path={[...of.path, index]}
            label={`${of.label} ${index + 1}`}
            isRequired
            value={item}
            onChange={(part) => of.onChange(items.with(index, part ?? null))}
            {...(isFixed
              ? {}
              : {
                  aside: (
                    <Remove
                      what={`${of.label} ${index + 1}`}
                      onClick={() => of.onChange(items.toSpliced(index, 1))}
                    />
                  ),
                })}
          />
        ))}
        {!isFixed && (
          <Add
            what={`${of.label} ${items.length + 1}`}
            isDisabled={items.length >= field.maxItems}
            onClick={() => of.onChange([...items, initialItem(field.itemShape(items.length))])}
          />
        )}
      </div>
    </GroupFrame>
  );
}

/** Names and values that somebody makes up. */
export function MapField({ field, of }: Of<"map">) {
  const [name, setName] = useState("");
  if (!isObject(of.value)) return <Absent field={field} of={of} />;
  const value = of.value;
  const isNew = name !== "" && !Object.hasOwn(value, name);
  return (
    <GroupFrame field={field} of={withRemoval(field, of)}>
      <div className={INDENT}>
        {Object.entries(value).map(([key, part]) => (
          <SchemaField
            key={key}
            shape={field.valueShape}
            path={[...of.path, key]}
            label={key}
            isRequired
            value={part}
            onChange={(next) => of.onChange(withProperty(value, key, next ?? null))}
            aside={<Remove what={key} onClick={() => of.onChange(withProperty(value, key, undefined))} />}
          />
        ))}
        <div className="flex gap-2">
          <Input
            aria-label={`Name of a new entry of ${of.label}`}
            placeholder="name"
            className="max-w-60"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
          <Add
            what="entry"
            isDisabled={!isNew}
            onClick={() => {
              of.onChange(withProperty(value, name, initialItem(field.valueShape)));
              setName("");
            }}
          />
        </div>
      </div>
    </GroupFrame>
  );
}

/** One of several shapes: which one is chosen first. */
export function VariantsField({ field, of }: Of<"variants">) {
  const [picked, setPicked] = useState<number | null>(null);
  const { id } = usePlace(of.path);
  const found = variantOf(field.variants, of.value);
  const isNone = of.value === null && field.isNullable;
  const chosen = isNone
    ? -1
    : (picked ?? (found === -1 && of.value === undefined && of.isRequired ? 0 : found));
  const shape = field.variants[chosen];
  return (
    <GroupFrame field={field} of={of}>
      <Select
        aria-label={`Kind of ${of.label}`}
        className="max-w-96"
        value={chosen}
        onChange={({ target }) => {
          const next = field.variants[Number(target.value)];
          setPicked(next === undefined ? null : Number(target.value));
          of.onChange(next === undefined ? (field.isNullable ? null : undefined) : initialValue(next));
        }}
      >
        {(field.isNullable || !of.isRequired || chosen === -1) && (
          <option value={-1}>{field.isNullable ? "none" : "not given"}</option>
        )}
        {field.variants.map((variant, index) => (
          <option key={`${id}-${index.toString()}`} value={index}>
            {visible(kindName(describe(variant)))}
          </option>
        ))}
      </Select>
      {shape !== undefined && (
        <div className={INDENT} key={chosen}>
          <Chosen shape={shape} of={of} />
        </div>
      )}
    </GroupFrame>
  );
}

/** The variant itself: its frame is the union's. */
function Chosen({ shape, of }: { readonly shape: Shape; readonly of: FieldProps }) {
  const field = describe(shape);
  const { aside: _aside, ...rest } = of;
  const inner = { ...rest, shape, label: kindName(field), isRequired: true };
  if (field.kind === "object" && isObject(of.value)) {
    return <Properties field={field} of={inner} value={of.value} />;
  }
  return (
    <InsidePlace path={of.path}>
      <SchemaField {...inner} />
    </InsidePlace>
  );
}

function kindName(field: Field): string {
  if (field.kind === "choice") return field.options.map((option) => JSON.stringify(option)).join(" or ");
  if (field.kind === "number") return field.isInteger ? "whole number" : "number";
  return field.title;
}

function Absent({ field, of }: { readonly field: Field; readonly of: FieldProps }) {
  return (
    <GroupFrame field={field} of={of}>
      <div className="flex items-center gap-2 text-sm text-muted">
        {of.value === null ? "none" : "not given"}
        <Add what={of.label} onClick={() => of.onChange(wantedValue(of.shape))} />
      </div>
    </GroupFrame>
  );
}

function withRemoval(field: Field, of: FieldProps): FieldProps {
  if (of.aside !== undefined || (of.isRequired && !field.isNullable)) return of;
  const remove = () => of.onChange(field.isNullable ? null : undefined);
  return { ...of, aside: <Remove what={of.label} onClick={remove} /> };
}

function Add({ what, isDisabled = false, onClick }: ActProps) {
  return (
    <Button size="sm" className="self-start" disabled={isDisabled} onClick={onClick}>
      <PlusIcon aria-hidden />
      Add {visible(what)}
    </Button>
  );
}

function Remove({ what, onClick }: ActProps) {
  return (
    <Button variant="ghost" size="icon-sm" aria-label={`Remove ${what}`} onClick={onClick}>
      <Cross2Icon aria-hidden />
    </Button>
  );
}

interface ActProps {
  readonly what: string;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}
