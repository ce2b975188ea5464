import { Tabs } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import { isObject, parseJson, sameJson } from "@/core/json";
import { describe, type Shape } from "@/core/schema";
import { visible } from "@/core/text";
import type { Json } from "@/protocol/events";
import { TextArea } from "@/ui/input";
import { SchemaField } from "./field";
import { Properties } from "./group_fields";
import { FormPlace, type Messages } from "./place";

interface EditorProps {
  /** What the value is called for those who cannot see where it stands. */
  readonly label: string;
  /** Null where the type has no schema: then there is JSON alone. */
  readonly shape: Shape | null;
  readonly value: Json;
  readonly onChange: (value: Json) => void;
  readonly messages: Messages;
}

const TAB =
  "rounded-md px-2.5 py-1 text-xs font-medium text-muted data-[state=active]:bg-raised data-[state=active]:text-ink disabled:opacity-50";

/** A payload as a form made from its schema, or as JSON: two sides of one value. */
export function PayloadEditor({ label, shape, value, onChange, messages }: EditorProps) {
  const [tab, setTab] = useState("form");
  const [isReadable, setReadable] = useState(true);
  const json = (
    <JsonText label={label} value={value} onChange={onChange} onReadable={setReadable} messages={messages} />
  );
  if (shape === null) {
    return (
      <>
        <p className="mb-1 text-xs text-muted">This type has no schema: write its payload as JSON.</p>
        {json}
      </>
    );
  }
  return (
    <Tabs.Root value={tab} onValueChange={setTab} className="flex flex-col gap-2">
      <Tabs.List aria-label={`${label} as`} className="flex gap-1 self-end">
        <Tabs.Trigger value="form" className={TAB} disabled={!isReadable}>
          Form
        </Tabs.Trigger>
        <Tabs.Trigger value="json" className={TAB}>
          JSON
        </Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="form" tabIndex={-1} className="flex flex-col gap-3 outline-none">
        <FormPlace messages={messages}>
          <Fields label={label} shape={shape} value={value} onChange={onChange} />
        </FormPlace>
      </Tabs.Content>
      <Tabs.Content value="json" tabIndex={-1} className="outline-none">
        {json}
      </Tabs.Content>
    </Tabs.Root>
  );
}

interface FieldsProps {
  readonly label: string;
  readonly shape: Shape;
  readonly value: Json;
  readonly onChange: (value: Json) => void;
}

function Fields({ label, shape, value, onChange }: FieldsProps) {
  const field = describe(shape);
  const of = {
    shape,
    path: [],
    label,
    value,
    onChange: (next: Json | undefined) => onChange(next ?? null),
    isRequired: true,
  };
  if (field.kind !== "object" || !isObject(value)) return <SchemaField {...of} />;
  return <Properties field={field} of={of} value={value} />;
}

interface JsonTextProps extends Omit<EditorProps, "shape"> {
  readonly onReadable: (isReadable: boolean) => void;
}

function JsonText({ label, value, onChange, onReadable, messages }: JsonTextProps) {
  const [typed, setTyped] = useState(() => JSON.stringify(value, null, 2));
  const input = useRef<HTMLTextAreaElement>(null);
  const read = parseJson(typed);
  const error = "error" in read ? read.error : "";
  const isInStep = error !== "" || ("value" in read && sameJson(read.value, value));
  useEffect(() => input.current?.setCustomValidity(error), [error]);
  useEffect(() => onReadable(error === ""), [onReadable, error]);
  const said = [...messages].flatMap(([place, texts]) =>
    texts.map((text) => (place ? `${place}: ${text}` : text)),
  );
  return (
    <div className="flex flex-col gap-1">
      <TextArea
        ref={input}
        aria-label={`${label} as JSON`}
        aria-invalid={error !== "" || said.length > 0}
        spellCheck={false}
        rows={10}
        className="max-h-[50vh] min-h-40 resize-y font-mono text-xs"
        value={isInStep ? typed : JSON.stringify(value, null, 2)}
        onChange={({ target }) => {
          setTyped(target.value);
          const next = parseJson(target.value);
          if ("value" in next) onChange(next.value);
        }}
      />
      <div role="status" className="text-xs break-words text-failed">
        {error !== "" && <p>Not JSON yet: {visible(error)}</p>}
        {said.map((text) => (
          <p key={text}>{visible(text)}</p>
        ))}
      </div>
    </div>
  );
}
