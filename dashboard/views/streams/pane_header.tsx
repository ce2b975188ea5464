import type { PaneSize } from "@/core/grid";
import type { Run } from "@/core/run";
import { visible } from "@/core/text";
import { useRun } from "@/store";
import { DrawingPinFilledIcon } from "@/ui/icons";
import { StateBadge, StateSign, stateWord } from "@/ui/state_badge";
import { useSettings } from "@/views/parts/settings";
import { Figures } from "./figures";
import { PaneActions } from "./pane_actions";

/** So many of the last characters of a name are always shown. */
const NAME_END = 4;

interface HeaderProps {
  readonly runId: string;
  readonly size: PaneSize;
}

interface Head {
  readonly agent: string;
  readonly types: string;
  readonly state: Run["state"];
  readonly attempt: number;
  readonly attemptReason: string;
  readonly simulated: boolean;
}

function headOf(run: Run): Head {
  const types = [...new Set(run.artifacts.map(({ type }) => type))].join(", ");
  const { agent, state, attempt, attemptReason, simulated } = run;
  return { agent, types, state, attempt, attemptReason, simulated };
}

function sameHead(one: Head | undefined, other: Head | undefined): boolean {
  return (
    one?.agent === other?.agent &&
    one?.types === other?.types &&
    one?.state === other?.state &&
    one?.attempt === other?.attempt &&
    one?.attemptReason === other?.attemptReason &&
    one?.simulated === other?.simulated
  );
}

export function PaneHeader({ runId, size }: HeaderProps) {
  const head = useRun(runId, headOf, sameHead);
  const isPinned = useSettings().pins.includes(runId);
  if (head === undefined) return null;
  return (
    <header className="pane-header">
      <div className="pane-line">
        {size === "small" && (
          <span className="inline-flex shrink-0" title={stateWord(head.state)}>
            <StateSign state={head.state} />
            <span className="sr-only">{stateWord(head.state)}</span>
          </span>
        )}
        {isPinned && <DrawingPinFilledIcon aria-label="pinned" className="size-3.5 shrink-0 text-accent" />}
        <AgentName name={visible(head.agent)} />
        {size !== "small" && (
          <span className="pane-types" title={visible(head.types)}>
            {visible(head.types)}
          </span>
        )}
        <Marks head={head} size={size} />
        {size === "small" ? (
          <Figures runId={runId} size={size} />
        ) : (
          <StateBadge state={head.state} className="ml-auto" />
        )}
      </div>
      {size !== "small" && (
        <div className="pane-line text-muted">
          <Figures runId={runId} size={size} />
        </div>
      )}
      <PaneActions runId={runId} agent={head.agent} size={size} />
    </header>
  );
}

/** What tells agents apart is often the end of their names: where there is no room, the middle goes. */
function AgentName({ name }: { readonly name: string }) {
  const start = name.length > 2 * NAME_END ? name.slice(0, -NAME_END) : name;
  return (
    <h2 className="pane-agent" title={name}>
      <span className="pane-agent-start">{start}</span>
      <span>{name.slice(start.length)}</span>
    </h2>
  );
}

function Marks({ head, size }: { readonly head: Head; readonly size: PaneSize }) {
  return (
    <>
      {head.attempt > 1 && (
        <span className="mark mark-attempt text-waiting" title={visible(head.attemptReason)}>
          {size === "small" ? `#${head.attempt}` : `attempt ${head.attempt}`}
        </span>
      )}
      {head.simulated && size !== "small" && (
        <span className="mark mark-simulated" title="The demo model speaks: nothing of this is real.">
          simulated
        </span>
      )}
    </>
  );
}
