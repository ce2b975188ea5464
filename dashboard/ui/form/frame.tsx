import type { ReactNode } from "react";
import type { Field } from "@/core/schema";
import { visible } from "@/core/text";
import { type FieldProps, usePlace } from "./place";

interface FrameProps {
  readonly field: Field;
  readonly of: FieldProps;
  readonly children: ReactNode;
}

/** A single input with its label, and what is said of it. */
export function LeafFrame({ field, of, children }: FrameProps) {
  const { id } = usePlace(of.path);
  return (
    <div className="flex flex-col gap-1">
      <div className="flex min-h-6 items-center gap-2">
        <label htmlFor={id} className="min-w-0 flex-1 truncate font-medium">
          <Label of={of} />
        </label>
        {of.aside}
      </div>
      <Note field={field} of={of} />
      {children}
      <Messages of={of} />
    </div>
  );
}

/** Several inputs that belong together. */
export function GroupFrame({ field, of, children }: FrameProps) {
  const { id, messages, messageId, noteId } = usePlace(of.path);
  const isWrong = messages.length > 0;
  return (
    <fieldset
      id={id}
      aria-describedby={`${noteId} ${messageId}`}
      className="flex min-w-0 flex-col gap-1"
      {...(isWrong ? { "data-invalid": true, tabIndex: -1 } : {})}
    >
      <legend className="contents">
        <span className="flex min-h-6 items-center gap-2">
          <span className="min-w-0 flex-1 truncate font-medium">
            <Label of={of} />
          </span>
          {of.aside}
        </span>
      </legend>
      <Note field={field} of={of} />
      <Messages of={of} />
      {children}
    </fieldset>
  );
}

/** An item that is there has a value: only a property can be required. */
function Label({ of }: { readonly of: FieldProps }) {
  const isMarked = of.isRequired && of.aside === undefined && typeof of.path.at(-1) !== "number";
  return (
    <>
      {visible(of.label)}{" "}
      {isMarked && <span className="ml-0.5 text-xs font-normal text-muted">required</span>}
    </>
  );
}

function Note({ field, of }: { readonly field: Field; readonly of: FieldProps }) {
  const { noteId } = usePlace(of.path);
  const parts = [field.description, field.limits].filter((part) => part !== "");
  if (parts.length === 0) return null;
  return (
    <p id={noteId} className="text-xs break-words text-muted">
      {visible(parts.map((part) => part.replace(/[.\s]+$/, "")).join(" · "))}
    </p>
  );
}

function Messages({ of }: { readonly of: FieldProps }) {
  const { messages, messageId } = usePlace(of.path);
  if (messages.length === 0) return null;
  return (
    <p id={messageId} className="text-xs break-words text-failed">
      {messages.map(visible).join(". ")}
    </p>
  );
}

/** What makes an input known as the field's, and as wrong. */
export function useInputProps(of: FieldProps) {
  const { id, noteId, messageId, messages } = usePlace(of.path);
  return {
    id,
    "aria-describedby": `${noteId} ${messageId}`,
    "aria-invalid": messages.length > 0 ? (true as const) : undefined,
    "aria-required": of.isRequired ? (true as const) : undefined,
  };
}
