import { counted } from "@/core/figures";
import { visible } from "@/core/text";
import { clockTime, type Span } from "@/core/time_axis";
import { type Bar, type Grouping, pieces } from "@/core/timeline";
import { Button } from "@/ui/button";
import { CounterClockwiseClockIcon } from "@/ui/icons";
import { BarMark, Many } from "./bar";
import { lanesInSight, type Row } from "./rows";

/** What part of the chart is on the screen: in time, and in pixels from the top. */
export interface Sight {
  readonly span: Span;
  /** Where the axis begins, and how wide it is. */
  readonly left: number;
  readonly axis: number;
  readonly top: number;
  readonly bottom: number;
}

interface GroupRowProps {
  readonly row: Row;
  readonly by: Grouping;
  readonly sight: Sight;
  readonly now: number;
  /** The run that the tabulator key goes to: it is there, wherever it lies. */
  readonly tabStop: string | null;
  readonly onZoom: (bars: readonly Bar[]) => void;
  readonly onReplay: (correlationId: string) => void;
}

/** The lanes of one agent, or of one correlation, with its name beside them. */
export function GroupRow({ row, by, sight, now, tabStop, onZoom, onReplay }: GroupRowProps) {
  const { group, top, height } = row;
  const { span, left, axis } = sight;
  const runs = counted(group.runs, "run");
  const name = by === "agent" ? visible(group.key) : clockTime(group.startedAt, 1);
  return (
    <fieldset className="absolute inset-x-0 border-b border-line" style={{ top, height }}>
      <legend className="sr-only">
        {by === "agent" ? name : `Correlation of ${name}`}, {runs}
      </legend>
      <div className="absolute inset-y-0 right-0 overflow-hidden" style={{ left }}>
        {lanesInSight(row, sight.top, sight.bottom, tabStop).map((lane) =>
          pieces(lane.lane, span, axis, now, tabStop).map((piece) =>
            piece.kind === "many" ? (
              <Many key={`many ${piece.bars[0]?.runId}`} piece={piece} top={lane.top} onZoom={onZoom} />
            ) : (
              <BarMark
                key={piece.bar.runId}
                piece={piece}
                top={lane.top}
                by={by}
                now={now}
                isTabStop={piece.bar.runId === tabStop}
              />
            ),
          ),
        )}
      </div>
      <div
        className="absolute inset-y-0 left-0 border-r border-line bg-panel px-2 sm:px-3"
        style={{ width: left }}
        title={by === "agent" ? name : group.key}
      >
        <div className="sticky top-8 flex h-8 items-center gap-1.5">
          <span className="min-w-0 flex-1 truncate text-xs font-medium tabular-nums sm:text-sm">{name}</span>
          <span className="hidden text-xs whitespace-nowrap text-muted sm:inline">{runs}</span>
          {by === "correlation" && (
            <Button
              variant="ghost"
              size="icon-sm"
              aria-label={`Replay the correlation of ${name}`}
              title="Replay"
              onClick={() => onReplay(group.key)}
            >
              <CounterClockwiseClockIcon />
            </Button>
          )}
        </div>
      </div>
    </fieldset>
  );
}
