/** What the server refused, said where it belongs: at the fields, or above them. */

import { type RefObject, useEffect, useRef } from "react";
import type { Shape } from "@/core/schema";
import { placeIssues } from "@/core/schema_issues";
import { visible } from "@/core/text";
import type { Json } from "@/protocol/events";
import { ApiError } from "@/transport/api";
import type { Messages } from "@/ui/form/place";

const NO_MESSAGES: Messages = new Map();

export interface Refusal {
  readonly message: string;
  readonly hint: string | null;
  /** Messages at the fields of each payload, by their pointers. */
  readonly at: readonly Messages[];
}

export interface Sent {
  readonly type: string;
  readonly shape: Shape | null;
  readonly value: Json;
}

/** Read what went wrong with what was sent: which payload it is about, the server says by the name of its type. */
export function readRefusal(error: unknown, sent: readonly Sent[]): Refusal {
  if (!(error instanceof ApiError)) {
    return { message: error instanceof Error ? error.message : "It did not work.", hint: null, at: [] };
  }
  const { message, hint, code, issues } = error;
  if (code !== "FLK-PAYLOAD" || issues.length === 0) return { message, hint, at: [] };
  const named = sent.findIndex(({ type }) => message.startsWith(`The payload does not fit type '${type}'`));
  const place = named === -1 ? 0 : named;
  const at = sent.map(({ shape, value }, index) =>
    index === place ? placeIssues(shape ?? { schema: {}, root: {} }, value, issues) : NO_MESSAGES,
  );
  const whole = at[place]?.get("") ?? [];
  const type = sent[place]?.type ?? "";
  const summary = whole.length > 0 ? whole.join(" ") : "What is wrong stands at the fields.";
  return { message: `This is no ${type} yet. ${summary}`, hint, at };
}

/** The refusal above a form; the focus goes to the first field it is about, or here. */
export function RefusalNote({
  refusal,
  form,
}: {
  readonly refusal: Refusal | null;
  readonly form: RefObject<HTMLElement | null>;
}) {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (refusal === null) return;
    const field = form.current?.querySelector('[aria-invalid="true"], [data-invalid]');
    const target = field instanceof HTMLElement ? field : note.current;
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  }, [refusal, form]);
  if (refusal === null) return null;
  return (
    <div
      ref={note}
      role="alert"
      tabIndex={-1}
      className="rounded-md border border-failed px-3 py-2 text-sm break-words text-failed outline-none"
    >
      <p>{visible(refusal.message)}</p>
      {refusal.hint !== null && <p className="text-muted">{visible(refusal.hint)}</p>}
    </div>
  );
}
