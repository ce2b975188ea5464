import { memo } from "react";
import { seconds } from "@/core/figures";
import { visible } from "@/core/text";
import type { Bar, Grouping, Piece } from "@/core/timeline";
import { cn } from "@/ui/classes";
import { StateSign, stateWord } from "@/ui/state_badge";

const HATCHED =
  "border-failed bg-failed/20 bg-[repeating-linear-gradient(135deg,transparent_0_5px,var(--failed)_5px_6px)]";
const FILLS: Record<Bar["state"], string> = {
  queued: "border-waiting",
  running: "border-running bg-running/35",
  completed: "border-done bg-done/30",
  failed: HATCHED,
  timed_out: HATCHED,
  cancelled: "border-stopped bg-stopped/30 border-dotted",
  interrupted: "border-stopped bg-stopped/30 border-dotted",
};

const SIGN_PX = 20;
const WORDS_PX = 56;

interface BarMarkProps {
  readonly piece: Piece & { readonly kind: "bar" };
  readonly top: number;
  readonly by: Grouping;
  readonly now: number;
  readonly isTabStop: boolean;
}

/** One run: the dashed part waits in the queue, the pale one for the first token, the full one streams. */
export const BarMark = memo(function BarMark({ piece, top, by, now, isTabStop }: BarMarkProps) {
  const { bar, x, width, active, token } = piece;
  const begun = active ?? width;
  const spoken = token ?? width;
  const words = width - spoken >= WORDS_PX ? spoken : 0;
  const text = visible(by === "agent" ? bar.types : bar.agent);
  return (
    <button
      type="button"
      data-run={bar.runId}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={barWords(bar, by, now)}
      className="absolute h-5 overflow-hidden rounded-sm text-left text-xs text-ink hover:brightness-110 focus-visible:z-10"
      style={{ left: x, width, top: top + 2 }}
    >
      <Part from={0} to={begun} className="border border-dashed border-waiting" />
      <Part from={begun} to={spoken} className="border border-line bg-raised" />
      <Part from={spoken} to={width} className={cn("border", FILLS[bar.state])} />
      {token !== null && (
        <span
          aria-hidden
          className="absolute inset-y-0 w-0.5 bg-ink"
          style={{ left: Math.min(token, width - 2) }}
        />
      )}
      {width >= SIGN_PX && (
        <StateSign state={bar.state} className="absolute top-[3px] right-[3px] rounded-full bg-panel" />
      )}
      {width >= WORDS_PX && (
        <span
          aria-hidden
          className="absolute inset-y-0 right-5 truncate leading-5"
          style={{ left: words + 6 }}
        >
          {bar.attempt > 1 && <span className="mr-1 rounded-sm bg-panel px-1">attempt {bar.attempt}</span>}{" "}
          {text}
        </span>
      )}
    </button>
  );
});

interface PartProps {
  readonly from: number;
  readonly to: number;
  readonly className: string;
}

function Part({ from, to, className }: PartProps) {
  if (to - from < 0.5) return null;
  return (
    <span
      aria-hidden
      className={cn("absolute inset-y-0 rounded-sm", className)}
      style={{ left: from, width: to - from }}
    />
  );
}

/** All that a bar shows, in words; they begin with those that can be read on it. */
function barWords(bar: Bar, by: Grouping, now: number): string {
  const { state, attempt, startedAt, activatedAt, firstTokenAt, endedAt } = bar;
  const waited = (activatedAt ?? endedAt ?? now) - startedAt;
  return [
    `${attempt > 1 ? `attempt ${attempt} ` : ""}${visible(by === "agent" ? bar.types : bar.agent)}`,
    visible(by === "agent" ? bar.agent : bar.types),
    stateWord(state),
    seconds((endedAt ?? now) - startedAt),
    waited >= 0.05 ? `queued for ${seconds(waited)}` : "",
    firstTokenAt === null ? "" : `first token after ${seconds(firstTokenAt - (activatedAt ?? startedAt))}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

interface ManyProps {
  readonly piece: Piece & { readonly kind: "many" };
  readonly top: number;
  readonly onZoom: (bars: readonly Bar[]) => void;
}

/** Runs too short to tell apart at this zoom; a click brings them nearer. */
export function Many({ piece: { bars, x, width }, top, onZoom }: ManyProps) {
  const failed = bars.filter(({ state }) => state === "failed" || state === "timed_out").length;
  const words = `${bars.length} short runs${failed > 0 ? `, ${failed} failed` : ""}: zoom in`;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={words}
      title={words}
      onClick={() => onZoom(bars)}
      className={cn(
        "absolute h-5 rounded-sm border",
        failed > 0 ? "border-failed bg-failed/50" : "border-done bg-done/50",
      )}
      style={{ left: x, width, top: top + 2 }}
    />
  );
}
