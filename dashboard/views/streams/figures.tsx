import { createContext, useContext } from "react";
import { rate, seconds } from "@/core/figures";
import type { PaneSize } from "@/core/grid";
import { type Run, timeToFirstToken, tokensPerSecond } from "@/core/run";
import { runOf } from "@/core/state";
import { useRun, useStore } from "@/store";
import { useNow } from "@/views/parts/clock";

/** The moment at which all panes stand still, in seconds; null while they go on. */
export const FrozenAt = createContext<number | null>(null);

interface FiguresProps {
  readonly runId: string;
  readonly size: PaneSize;
}

/** How fast a run is: read at the beat of the clock, never with each token. */
export function Figures({ runId, size }: FiguresProps) {
  const store = useStore();
  const clock = useNow();
  const now = useContext(FrozenAt) ?? clock;
  useRun(runId, (run) => run.state);
  const run = runOf(store.state(), runId);
  if (run === undefined) return null;
  if (size === "small") return <span className="figure ml-auto text-muted">{shortest(run, now)}</span>;
  const first = timeToFirstToken(run);
  return (
    <dl className="figures">
      {run.next > 0 && (
        <Figure name="Tokens per second" value={rate(tokensPerSecond(run, now))} unit="tokens/s" />
      )}
      {first !== null && size === "large" && (
        <Figure name="Time to first token" value={seconds(first)} unit="to first" />
      )}
      <Figure
        name={run.activatedAt === null ? "Waiting" : "Elapsed"}
        value={seconds(elapsed(run, now))}
        unit=""
      />
    </dl>
  );
}

function Figure({
  name,
  value,
  unit,
}: {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
}) {
  return (
    <div className="figure" data-unit={unit} title={name}>
      <dt className="sr-only">{name}</dt>
      <dd>
        <span className="text-ink">{value}</span>
        {unit !== "" && ` ${unit}`}
      </dd>
    </div>
  );
}

/** Give how long a run has worked, or waited where it has not begun. */
export function elapsed(run: Run, now: number): number {
  return Math.max(0, (run.endedAt ?? now) - (run.activatedAt ?? run.startedAt));
}

function shortest(run: Run, now: number): string {
  return run.state === "running" && run.next > 0
    ? `${rate(tokensPerSecond(run, now))}/s`
    : seconds(elapsed(run, now));
}
