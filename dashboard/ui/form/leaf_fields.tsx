import { useEffect, useRef, useState } from "react";
import { parseJson, sameJson } from "@/core/json";
import type { Field } from "@/core/schema";
import { visible } from "@/core/text";
import { typedNumber } from "@/core/typed_number";
import type { Json } from "@/protocol/events";
import { Input, Select, TextArea } from "@/ui/input";
import { LeafFrame, useInputProps } from "./frame";
import type { FieldProps } from "./place";

type Of<K extends Field["kind"]> = { readonly field: Extract<Field, { kind: K }>; readonly of: FieldProps };

/** What an emptied input stands for: nothing, where nothing may be there. */
function emptied(field: Field, of: FieldProps): Json | undefined {
  return field.isNullable ? null : of.isRequired && field.kind === "text" ? "" : undefined;
}

function placeholder(field: Field): string {
  return field.isNullable ? "none" : "";
}

export function TextField({ field, of }: Of<"text">) {
  const props = {
    ...useInputProps(of),
    value: typeof of.value === "string" ? of.value : of.value == null ? "" : JSON.stringify(of.value),
    placeholder: placeholder(field),
    onChange: ({ target }: { target: { value: string } }) =>
      of.onChange(target.value === "" ? emptied(field, of) : target.value),
  };
  return (
    <LeafFrame field={field} of={of}>
      {field.isLong ? (
        <TextArea {...props} dir="auto" rows={1} className="field-sizing-content max-h-72 min-h-8 resize-y" />
      ) : (
        <Input {...props} dir="auto" />
      )}
    </LeafFrame>
  );
}

export function NumberField({ field, of }: Of<"number">) {
  const [typed, setTyped] = useState("");
  const isTyped = typed !== "" && typedNumber(typed) === of.value;
  const shown = of.value == null ? "" : typeof of.value === "string" ? of.value : JSON.stringify(of.value);
  return (
    <LeafFrame field={field} of={of}>
      <Input
        {...useInputProps(of)}
        inputMode={field.isInteger ? "numeric" : "decimal"}
        autoComplete="off"
        placeholder={placeholder(field)}
        className="max-w-60 tabular-nums"
        value={isTyped ? typed : shown}
        onChange={({ target }) => {
          setTyped(target.value);
          of.onChange(target.value === "" ? emptied(field, of) : typedNumber(target.value));
        }}
      />
    </LeafFrame>
  );
}

export function BooleanField({ field, of }: Of<"boolean">) {
  const props = useInputProps(of);
  if (field.isNullable || typeof of.value !== "boolean") {
    return <ChoiceField field={{ ...field, kind: "choice", options: [true, false] }} of={of} />;
  }
  return (
    <LeafFrame field={field} of={of}>
      <span className="flex items-center gap-2">
        <input
          {...props}
          type="checkbox"
          className="size-4 accent-accent"
          checked={of.value}
          onChange={({ target }) => of.onChange(target.checked)}
        />
        <span aria-hidden className="text-muted">
          {of.value ? "true" : "false"}
        </span>
      </span>
    </LeafFrame>
  );
}

export function ChoiceField({ field, of }: Of<"choice">) {
  const chosen = field.options.findIndex((option) => sameJson(option, of.value));
  const isOpen = field.isNullable || !of.isRequired || chosen === -1;
  return (
    <LeafFrame field={field} of={of}>
      <Select
        {...useInputProps(of)}
        className="max-w-96"
        value={chosen}
        onChange={({ target }) => of.onChange(field.options[Number(target.value)] ?? emptied(field, of))}
      >
        {isOpen && (
          <option value={-1}>{field.isNullable ? "none" : of.isRequired ? "Choose one" : "not given"}</option>
        )}
        {field.options.map((option, index) => (
          <option key={JSON.stringify(option)} value={index}>
            {typeof option === "string" ? visible(option) : JSON.stringify(option)}
          </option>
        ))}
      </Select>
    </LeafFrame>
  );
}

/** A value of which the schema says nothing. */
export function JsonField({ field, of }: { readonly field: Field; readonly of: FieldProps }) {
  const [typed, setTyped] = useState<string | null>(null);
  const input = useRef<HTMLTextAreaElement>(null);
  const parsed = typed === null || typed.trim() === "" ? null : parseJson(typed);
  const error = parsed !== null && "error" in parsed ? parsed.error : "";
  const isTyped = error !== "" || (parsed !== null && "value" in parsed && sameJson(parsed.value, of.value));
  useEffect(() => input.current?.setCustomValidity(error), [error]);
  return (
    <LeafFrame field={field} of={of}>
      <TextArea
        {...useInputProps(of)}
        {...(error === "" ? {} : { "aria-invalid": true })}
        ref={input}
        rows={1}
        spellCheck={false}
        placeholder={of.value === undefined ? "not given" : "null"}
        className="field-sizing-content max-h-72 min-h-8 resize-y font-mono text-xs"
        value={isTyped && typed !== null ? typed : of.value == null ? "" : JSON.stringify(of.value, null, 2)}
        onChange={({ target }) => {
          setTyped(target.value);
          const read = parseJson(target.value);
          if (target.value.trim() === "") of.onChange(of.isRequired ? null : undefined);
          else if ("value" in read) of.onChange(read.value);
        }}
      />
      <span role="status" className="text-xs text-failed">
        {error !== "" && `Not JSON yet: ${visible(error)}`}
      </span>
    </LeafFrame>
  );
}
