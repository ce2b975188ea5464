import { count, seconds } from "@/core/figures";
import { timeToFirstToken } from "@/core/run";
import { visible } from "@/core/text";
import { clockTime } from "@/core/time_axis";
import { useRun } from "@/store";
import { StateBadge } from "@/ui/state_badge";

/** Where on the screen the bar is that a tip belongs to. */
export interface Pointed {
  readonly runId: string;
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

const WIDTH_PX = 272;
const ROOM_PX = 210;

/** What one run is, beside its bar. The bar's own label says it to who does not see it. */
export function Tip({ pointed, now }: { readonly pointed: Pointed; readonly now: number }) {
  const run = useRun(pointed.runId, (known) => known);
  if (run === undefined) return null;
  const { startedAt, activatedAt, endedAt } = run;
  const first = timeToFirstToken(run);
  const left = Math.max(8, Math.min(pointed.x, innerWidth - WIDTH_PX - 8));
  const isAbove = pointed.bottom + ROOM_PX > innerHeight;
  const place = isAbove ? { bottom: innerHeight - pointed.top + 6 } : { top: pointed.bottom + 6 };
  return (
    <div
      aria-hidden
      className="pointer-events-none fixed z-30 rounded-md border border-line bg-panel p-3 text-xs shadow-lg"
      style={{ width: WIDTH_PX, left, ...place }}
    >
      <p className="flex items-center gap-2">
        <span className="truncate text-sm font-semibold">{visible(run.agent)}</span>
        <StateBadge state={run.state} className="ml-auto" />
      </p>
      <p className="mb-1 truncate text-muted">
        {visible(run.artifacts.map(({ type }) => type).join(", "))}
        {run.simulated && " · simulated"}
      </p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 tabular-nums">
        <Line word="Began" value={clockTime(startedAt, 0.1)} />
        <Line word="Queued" value={seconds((activatedAt ?? endedAt ?? now) - startedAt)} />
        <Line word="First token" value={first === null ? "not yet" : `after ${seconds(first)}`} />
        <Line word="Whole time" value={seconds((endedAt ?? now) - startedAt)} />
        <Line word="Tokens" value={count(run.next)} />
        {run.attempt > 1 && <Line word="Attempt" value={String(run.attempt)} />}
      </dl>
      {run.reason !== "" && <p className="mt-1 line-clamp-3 break-words text-muted">{visible(run.reason)}</p>}
    </div>
  );
}

function Line({ word, value }: { readonly word: string; readonly value: string }) {
  return (
    <>
      <dt className="text-muted">{word}</dt>
      <dd className="text-right">{value}</dd>
    </>
  );
}
