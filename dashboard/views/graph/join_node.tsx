import type { NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { listed, waitingAt } from "@/core/graph_words";
import { visible } from "@/core/text";
import { cn } from "@/ui/classes";
import { ClockIcon } from "@/ui/icons";
import type { JoinElement } from "./elements";
import { JoinDialog } from "./join_dialog";
import { useJoins } from "./joins";
import { useLit } from "./lit";
import { NodeButton } from "./node_button";

/** Where an agent waits for one of each of several types. It opens what waits. */
export const JoinNodeView = memo(({ id, data }: NodeProps<JoinElement>) => {
  const { agent, types } = data.node;
  const waiting = waitingAt(useJoins(), agent, types);
  const isLit = useLit(id);
  const [isOpen, setOpen] = useState(false);
  const words = waiting.length === 0 ? "nothing waits" : `${waiting.length} waiting`;
  const all = visible(listed(types));
  return (
    <>
      <NodeButton
        id={id}
        before={`Join of ${all} for agent ${visible(agent)}: `}
        after=". Open what waits."
        className={cn(
          "items-center rounded-md border-2 border-double text-center",
          waiting.length > 0 ? "border-waiting" : "border-line",
        )}
        isLit={isLit}
        onOpen={() => setOpen(true)}
      >
        <span className="graph-name text-xs font-medium whitespace-nowrap">
          {types.length === 2 ? "both" : `all ${types.length}`}
          <span className="graph-detail"> needed</span>
        </span>
        <span
          className={cn(
            "graph-detail flex items-center gap-1 text-xs whitespace-nowrap tabular-nums",
            waiting.length > 0 ? "text-waiting" : "text-muted",
          )}
        >
          {waiting.length > 0 && <ClockIcon aria-hidden className="size-3" />}
          {words}
        </span>
      </NodeButton>
      {isOpen && <JoinDialog agent={agent} types={types} waiting={waiting} onClose={() => setOpen(false)} />}
    </>
  );
});
JoinNodeView.displayName = "JoinNodeView";
