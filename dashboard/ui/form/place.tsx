/** What a field of a form knows of the form: the messages at each place, and how the places are called on the page. */

import { createContext, type ReactNode, useContext, useId, useMemo } from "react";
import { type Path, pointer } from "@/core/json";
import type { Shape } from "@/core/schema";
import type { Json } from "@/protocol/events";

/** What every field is given. `onChange` takes undefined for "not given". */
export interface FieldProps {
  readonly shape: Shape;
  readonly path: Path;
  readonly label: string;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly isRequired: boolean;
  /** What stands beside the label, such as a button that removes the item. */
  readonly aside?: ReactNode;
}

export type Messages = ReadonlyMap<string, readonly string[]>;

interface Form {
  readonly id: string;
  readonly messages: Messages;
}

const NO_MESSAGES: Messages = new Map();
const FormContext = createContext<Form>({ id: "form", messages: NO_MESSAGES });

export function FormPlace({
  messages,
  children,
}: {
  readonly messages: Messages;
  readonly children: ReactNode;
}) {
  const id = useId();
  const form = useMemo(() => ({ id, messages }), [id, messages]);
  return <FormContext value={form}>{children}</FormContext>;
}

/** Give the ids of a field and of what is said of it, and the messages there. */
export function usePlace(path: Path): {
  readonly id: string;
  readonly noteId: string;
  readonly messageId: string;
  readonly messages: readonly string[];
} {
  const { id, messages } = useContext(FormContext);
  const key = pointer(path);
  const place = `${id}${key}`;
  return {
    id: place,
    noteId: `${place}-note`,
    messageId: `${place}-message`,
    messages: messages.get(key) ?? [],
  };
}

/** A second field at the same place: its ids are others, and the messages there are said once. */
export function InsidePlace({ path, children }: { readonly path: Path; readonly children: ReactNode }) {
  const outer = useContext(FormContext);
  const key = pointer(path);
  const form = useMemo(
    () => ({ id: `${outer.id}~`, messages: new Map([...outer.messages].filter(([place]) => place !== key)) }),
    [outer, key],
  );
  return <FormContext value={form}>{children}</FormContext>;
}
