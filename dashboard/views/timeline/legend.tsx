import { StateSign, stateWord } from "@/ui/state_badge";

const SHOWN = ["running", "completed", "failed", "cancelled"] as const;

/** What the parts of a bar mean. */
export function Legend() {
  return (
    <ul
      aria-label="What the bars say"
      className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3 py-1.5 text-xs text-muted"
    >
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-6 rounded-sm border border-dashed border-waiting" />
        queued
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-6 rounded-sm border border-line bg-raised" />
        waits for the first token
      </li>
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-6 rounded-sm border-l-2 border-ink bg-running/40" />
        streams
      </li>
      {SHOWN.map((state) => (
        <li key={state} className="flex items-center gap-1.5">
          <StateSign state={state} />
          {stateWord(state)}
        </li>
      ))}
      <li className="hidden lg:ml-auto lg:block">
        Drag to pan · Ctrl + wheel or pinch to zoom · arrow keys from run to run · Enter opens
      </li>
    </ul>
  );
}
