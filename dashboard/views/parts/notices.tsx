/** What the page says for a moment at its lower edge: results by themselves, errors until they are dismissed. */

import { useEffect } from "react";
import type { Notice } from "@/core/notices";
import { visible } from "@/core/text";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { Cross2Icon } from "@/ui/icons";

const SHOWN_MS = 6_000;

interface NoticesProps {
  readonly notices: readonly Notice[];
  readonly onDismiss: (id: number) => void;
}

/** The two regions are always there: what is put into them later is read out. */
export function Notices({ notices, onDismiss }: NoticesProps) {
  const of = (tone: Notice["tone"]) =>
    notices
      .filter((notice) => notice.tone === tone)
      .map((notice) => <Told key={notice.id} notice={notice} onDismiss={onDismiss} />);
  return (
    <div className="pointer-events-none fixed inset-x-2 bottom-2 z-60 flex flex-col items-end gap-2 sm:left-auto sm:w-96">
      <div role="status" className="flex w-full flex-col gap-2">
        {of("info")}
      </div>
      <div role="alert" className="flex w-full flex-col gap-2">
        {of("error")}
      </div>
    </div>
  );
}

function Told({ notice, onDismiss }: { readonly notice: Notice; readonly onDismiss: (id: number) => void }) {
  const { id, tone, text, hint, action } = notice;
  useEffect(() => {
    if (tone === "error") return;
    const timer = setTimeout(() => onDismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, tone, onDismiss]);
  return (
    <div
      className={cn(
        "pointer-events-auto flex items-start gap-2 rounded-lg border bg-panel py-2 pr-1 pl-3 text-sm shadow-lg",
        tone === "error" ? "border-failed" : "border-line",
      )}
    >
      <p className="min-w-0 flex-1 py-0.5 break-words">
        {tone === "error" && <strong className="text-failed">Not done. </strong>}
        {visible(text)} {hint !== null && <span className="text-muted">{visible(hint)}</span>}
      </p>
      {action !== null && (
        <Button
          size="sm"
          onClick={() => {
            onDismiss(id);
            action.onSelect();
          }}
        >
          {action.label}
        </Button>
      )}
      <Button variant="ghost" size="icon-sm" aria-label="Dismiss" onClick={() => onDismiss(id)}>
        <Cross2Icon />
      </Button>
    </div>
  );
}
