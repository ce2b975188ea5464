import { count } from "@/core/figures";
import { toolCallOf } from "@/core/partial";
import type { FieldText } from "@/core/run";
import { visible } from "@/core/text";
import { useRun } from "@/store";
import { ChevronRightIcon } from "@/ui/icons";
import { useFeed, useFieldText, useIsLong } from "./feed_context";
import { useOpen } from "./open_parts";
import { Words } from "./words";

interface SideProps {
  readonly field: FieldText;
  readonly tail: number | null;
}

/** What the model thought: folded, as it is not what was asked for. */
export function Reasoning({ field, tail }: SideProps) {
  const { runId } = useFeed();
  const [isOpen, setOpen] = useOpen(`${runId} ${field.key}`);
  const step = field.step > 1 ? `, step ${field.step}` : "";
  return (
    <details className="side" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <ChevronRightIcon aria-hidden className="side-sign" />
        Reasoning{step} · <ReasoningLength runId={runId} fieldKey={field.key} />
      </summary>
      {isOpen && <Words fieldKey={field.key} tail={tail} className="side-text" />}
    </details>
  );
}

/** The length in steps, so that a figure nobody reads to the letter is not drawn in each beat. */
function ReasoningLength({ runId, fieldKey }: { readonly runId: string; readonly fieldKey: string }) {
  const length = useRun(runId, (run) => {
    const chars = run.fields.find((field) => field.key === fieldKey)?.text.length ?? 0;
    return run.outcome === null ? Math.floor(chars / 50) * 50 : chars;
  });
  return <span className="tabular-nums">{count(length ?? 0)} characters</span>;
}

/** Longer calls are shown as they came: they would be read and laid out anew in each beat. */
const MAX_CALL_CHARS = 8000;

/** A call of a tool in one line: its name and what it was given. */
export function ToolCall({ field, tail }: SideProps) {
  const isLong = useIsLong(field.key, MAX_CALL_CHARS);
  return (
    <div className="tool-line flex gap-1.5">
      <span aria-hidden>→</span>
      <span className="sr-only">Tool call: </span>
      {isLong ? (
        <Words fieldKey={field.key} tail={tail} className="min-w-0 flex-1" />
      ) : (
        <ShortCall fieldKey={field.key} />
      )}
    </div>
  );
}

function ShortCall({ fieldKey }: { readonly fieldKey: string }) {
  const { name, rest } = toolCallOf(useFieldText(fieldKey));
  return (
    <p className="min-w-0 flex-1">
      <strong>{visible(name)}</strong> <span className="text-muted">{visible(rest)}</span>
    </p>
  );
}

export function ToolResult({ field, tail }: SideProps) {
  return (
    <div className="tool-line flex gap-1.5 text-muted">
      <span aria-hidden>←</span>
      <span className="sr-only">Tool result: </span>
      <Words fieldKey={field.key} tail={tail} className="min-w-0 flex-1" />
    </div>
  );
}

const LOG_NAMES: Partial<Record<FieldText["outputType"], string>> = { stdout: "stdout", stderr: "stderr" };

export function LogLines({ field, tail }: SideProps) {
  return (
    <div className="log-lines">
      <span className="field-name">{LOG_NAMES[field.outputType] ?? "log"}</span>
      <Words fieldKey={field.key} tail={tail} />
    </div>
  );
}
