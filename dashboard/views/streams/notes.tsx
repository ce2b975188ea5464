import { useState } from "react";
import type { PaneSize } from "@/core/grid";
import { isFinished, type Run } from "@/core/run";
import { visible } from "@/core/text";
import { useRun } from "@/store";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { useLoadText } from "./loaded_run";

interface Note {
  readonly kind: "waits" | "failed" | "stopped" | "note" | "trimmed";
  readonly title: string;
  readonly text: string;
}

/** A run that nothing holds up begins as soon as its engine can. */
const GETS_READY = "Its engine gets ready. The first time, that takes a few seconds.";

/** Say what there is to say beside the text: why a run waits, why it has none, how it went wrong. */
export function noteOf(run: Run): Note | null {
  if (run.isTrimmed)
    return { kind: "trimmed", title: "", text: "This page has let go of the text of this old run." };
  switch (run.state) {
    case "queued":
      return { kind: "waits", title: "Waiting", text: run.reason || GETS_READY };
    case "running":
      return runningNote(run);
    case "completed":
      return run.fields.length > 0 ? null : { kind: "note", title: "", text: "It ended without any output." };
    case "failed":
    case "timed_out":
      return {
        kind: "failed",
        title: run.outcome?.error?.code ?? "",
        text: run.reason || "It gives no reason.",
      };
    case "cancelled":
    case "interrupted":
      return { kind: "stopped", title: "", text: run.reason || "It gives no reason." };
  }
}

function runningNote(run: Run): Note | null {
  if (run.decision === "off" || run.decision === "queued")
    return { kind: "note", title: "Not streaming", text: run.reason };
  return run.fields.length > 0 ? null : { kind: "waits", title: "", text: "No token yet." };
}

function sameNote(one: Note | null | undefined, other: Note | null | undefined): boolean {
  return one?.kind === other?.kind && one?.title === other?.title && one?.text === other?.text;
}

const COLOURS: Record<Note["kind"], string> = {
  waits: "text-muted",
  failed: "note-box border-failed text-failed",
  stopped: "note-box border-stopped text-stopped",
  note: "text-muted",
  trimmed: "text-muted",
};

export function Notes({ runId, size }: { readonly runId: string; readonly size: PaneSize }) {
  const note = useRun(runId, noteOf, sameNote) ?? null;
  const isOver = useRun(runId, isFinished) ?? false;
  if (note === null) return null;
  return (
    <div className={cn("note", COLOURS[note.kind])} data-over={isOver || undefined}>
      {note.title !== "" && <strong className="font-semibold">{visible(note.title)}: </strong>}
      {visible(note.text)}
      {note.kind === "trimmed" && <LoadText size={size} />}
    </div>
  );
}

/** Say why what was shown before is gone. */
export function AttemptNote({ runId, size }: { readonly runId: string; readonly size: PaneSize }) {
  const text = useRun(runId, ({ attempt, attemptReason }) =>
    attempt === 1 ? "" : `Attempt ${attempt}${attemptReason === "" ? "" : `: ${attemptReason}`}`,
  );
  if (text === undefined || text === "" || size === "small") return null;
  return <p className="note text-waiting text-xs">{visible(text)}</p>;
}

function LoadText({ size }: { readonly size: PaneSize }) {
  const load = useLoadText();
  const [error, setError] = useState("");
  if (load === null) return null;
  return (
    <p className="mt-1">
      <Button size="sm" onClick={() => load().catch((reason: unknown) => setError(String(reason)))}>
        {size === "small" ? "Load" : "Load it from the server"}
      </Button>
      {error !== "" && <span className="ml-2 text-failed">{visible(error)}</span>}
    </p>
  );
}
