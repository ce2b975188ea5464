import { memo } from "react";
import type { PaneSize } from "@/core/grid";
import { visible } from "@/core/text";
import { useRun } from "@/store";
import { stateWord } from "@/ui/state_badge";
import { Body } from "./body";
import { Loadable } from "./loaded_run";
import { PaneHeader } from "./pane_header";

interface PaneProps {
  readonly runId: string;
  readonly size: PaneSize;
  /** Whether the Tab key stops here; in a grid it stops at one pane, and arrows lead to the others. */
  readonly isTabStop?: boolean;
  /** Where it stands in a grid, and how large it is; elsewhere it fills what is around it. */
  readonly left?: string;
  readonly width?: string;
  readonly top?: number;
  readonly height?: number;
  readonly tail?: number;
}

/** One run: who writes what, how it goes, and its text as it grows. */
export const Pane = memo(({ runId, size, isTabStop = false, left, width, top, height, tail }: PaneProps) => {
  const agent = useRun(runId, (run) => run.agent) ?? "";
  const state = useRun(runId, (run) => run.state);
  return (
    <Loadable runId={runId}>
      <article
        className="pane"
        style={top === undefined ? undefined : { position: "absolute", left, width, top, height }}
        data-run={runId}
        data-state={state}
        data-size={size}
        tabIndex={isTabStop ? 0 : -1}
        aria-label={`${visible(agent)}, ${state === undefined ? "unknown" : stateWord(state)}`}
      >
        <PaneHeader runId={runId} size={size} />
        <Body runId={runId} size={size} {...(tail !== undefined && { tail })} />
      </article>
    </Loadable>
  );
});
