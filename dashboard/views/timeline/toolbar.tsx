import { useId } from "react";
import { counted, seconds } from "@/core/figures";
import { clockTime } from "@/core/time_axis";
import { type Bar, type Grouping, groupsOf } from "@/core/timeline";
import { Button } from "@/ui/button";
import { CounterClockwiseClockIcon, MinusIcon, PlusIcon } from "@/ui/icons";
import { Select } from "@/ui/input";
import { Menu, MenuItem, MenuLabel } from "@/ui/menu";
import { useActions } from "@/views/parts/actions";
import type { SpanView } from "./use_span";

interface ToolbarProps {
  readonly by: Grouping;
  readonly onGroup: (by: Grouping) => void;
  readonly view: SpanView;
  readonly bars: readonly Bar[];
}

export function Toolbar({ by, onGroup, view, bars }: ToolbarProps) {
  const { span, mode } = view;
  const grouping = useId();
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
      <div className="flex items-center gap-2 text-sm text-muted">
        <label htmlFor={grouping} className="whitespace-nowrap">
          Lanes by
        </label>
        <Select
          id={grouping}
          className="w-auto"
          value={by}
          onChange={({ target }) => onGroup(target.value === "agent" ? "agent" : "correlation")}
        >
          <option value="agent">agent</option>
          <option value="correlation">correlation</option>
        </Select>
      </div>
      <fieldset className="flex items-center gap-1">
        <legend className="sr-only">What part of the time is shown</legend>
        <Button size="icon" aria-label="Zoom out" onClick={() => view.zoom(1.5)}>
          <MinusIcon />
        </Button>
        <Button size="icon" aria-label="Zoom in" onClick={() => view.zoom(1 / 1.5)}>
          <PlusIcon />
        </Button>
        <Button
          aria-pressed={mode === "fit"}
          onClick={() => view.setMode("fit")}
          className={pressed(mode === "fit")}
        >
          Fit
        </Button>
        <Button
          aria-pressed={mode === "follow"}
          onClick={() => view.setMode(mode === "follow" ? "free" : "follow")}
          className={pressed(mode === "follow")}
        >
          Follow now
        </Button>
      </fieldset>
      <span className="hidden text-xs text-muted tabular-nums sm:inline">
        {seconds(span.to - span.from)} shown
      </span>
      <div className="ml-auto">
        <ReplayMenu bars={bars} />
      </div>
    </div>
  );
}

function pressed(isPressed: boolean): string {
  return isPressed ? "border-accent text-accent" : "";
}

const MOST_CORRELATIONS = 20;

/** The latest correlations, to be replayed. */
function ReplayMenu({ bars }: { readonly bars: readonly Bar[] }) {
  const { replay } = useActions();
  if (bars.length === 0) return null;
  const trigger = (
    <Button>
      <CounterClockwiseClockIcon />
      Replay
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuLabel>Replay from the beginning</MenuLabel>
      <Correlations bars={bars} onChoose={replay} />
    </Menu>
  );
}

interface CorrelationsProps {
  readonly bars: readonly Bar[];
  readonly onChoose: (correlationId: string) => void;
}

function Correlations({ bars, onChoose }: CorrelationsProps) {
  return groupsOf(bars, "correlation")
    .slice(0, MOST_CORRELATIONS)
    .map(({ key, startedAt, runs }) => (
      <MenuItem key={key} onSelect={() => onChoose(key)}>
        <span className="tabular-nums">{clockTime(startedAt, 1)}</span>
        <span className="text-muted">
          {counted(runs, "run")} · {key.slice(0, 8)}
        </span>
      </MenuItem>
    ));
}
