import type { NodeProps } from "@xyflow/react";
import { memo, useCallback } from "react";
import { agentFigures, type Figures, sameFigures } from "@/core/graph_figures";
import { SIZES } from "@/core/graph_geometry";
import { nowWords, pastWords } from "@/core/graph_words";
import { visible } from "@/core/text";
import { cn } from "@/ui/classes";
import { ClockIcon, PlayIcon } from "@/ui/icons";
import type { AgentElement } from "./elements";
import { useFigures } from "./figures";
import { useLitAgent } from "./lit";
import { NodeButton } from "./node_button";
import { useDoors } from "./open";

/** An agent: what it does now, and how its runs ended. It opens its runs. */
export const AgentNodeView = memo(({ id, data, width }: NodeProps<AgentElement>) => {
  const { name } = data.node;
  const figures = useFigures(
    useCallback((all: Figures) => agentFigures(all, name), [name]),
    sameFigures,
  );
  const isLit = useLitAgent(name);
  const { openRuns } = useDoors();
  const shown = visible(name);
  const isStreaming = figures.streaming > 0;
  const hasRoom = width === undefined || width >= SIZES.agent.width;
  return (
    <NodeButton
      id={id}
      before="Agent "
      after=". Open its runs."
      className={cn(
        "rounded-lg border-2 pl-4 text-left",
        figures.running > 0 ? "border-running" : figures.queued > 0 ? "border-waiting" : "border-line",
      )}
      isLit={isLit}
      onOpen={() => openRuns(name)}
    >
      {isStreaming && (
        <span aria-hidden className="graph-stream absolute inset-y-0 left-0 w-1.5 rounded-l-md" />
      )}
      <span className="flex items-center gap-2">
        <span className="graph-name truncate font-semibold" title={shown}>
          {shown}
        </span>
        {isStreaming && hasRoom && (
          <span className="graph-detail ml-auto rounded-full bg-running px-1.5 text-[11px] leading-4 font-semibold text-panel">
            streaming
          </span>
        )}
      </span>
      <span className="graph-now flex items-center gap-1 text-xs tabular-nums">
        {figures.running > 0 && <PlayIcon aria-hidden className="size-3 text-running" />}
        {figures.running === 0 && figures.queued > 0 && (
          <ClockIcon aria-hidden className="size-3 text-waiting" />
        )}
        <span className={cn("truncate", figures.running + figures.queued === 0 && "text-muted")}>
          {isStreaming && !hasRoom && "streaming: "}
          {nowWords(figures)}
        </span>
      </span>
      <span
        className={cn(
          "graph-detail truncate text-xs tabular-nums",
          figures.failed > 0 ? "text-failed" : "text-muted",
        )}
      >
        {pastWords(figures)}
      </span>
    </NodeButton>
  );
});
AgentNodeView.displayName = "AgentNodeView";
