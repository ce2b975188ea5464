import { visible } from "@/core/text";
import { sameItems, useRun } from "@/store";
import { StateBadge } from "@/ui/state_badge";
import { Words } from "./words";

/** One run: who writes what, how it goes, and its text as it grows. */
export function Pane({ runId }: { readonly runId: string }) {
  const agent = useRun(runId, (run) => run.agent) ?? "";
  const types = useRun(runId, (run) => run.artifacts.map((slot) => slot.type).join(", ")) ?? "";
  const state = useRun(runId, (run) => run.state);
  const keys = useRun(
    runId,
    (run) => run.fields.map((field) => field.key),
    (one, other) => one !== undefined && other !== undefined && sameItems(one, other),
  );
  return (
    <article className="flex flex-col overflow-hidden rounded-lg border border-line bg-panel">
      <header className="flex items-center gap-2 border-b border-line px-3 py-1.5">
        <h2 className="truncate font-semibold">{visible(agent)}</h2>
        <span className="truncate text-xs text-muted">{visible(types)}</span>
        {state !== undefined && <StateBadge state={state} className="ml-auto" />}
      </header>
      <div className="min-h-0 flex-1 overflow-auto px-3 py-2">
        {keys?.map((key) => (
          <Words key={key} runId={runId} fieldKey={key} />
        ))}
      </div>
    </article>
  );
}
