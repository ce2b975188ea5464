import { useCallback } from "react";
import { shownRuns } from "@/core/filter";
import { sameItems, useFlock } from "@/store";
import { useNavigation } from "@/views/parts/route";
import { Pane } from "./pane";

/** A grid of panes, one per run. */
export function StreamsView() {
  const { filter } = useNavigation().route;
  const runs = useFlock(
    useCallback((state) => shownRuns(state, filter), [filter]),
    sameItems,
  );
  return (
    <div className="grid h-full auto-rows-[16rem] grid-cols-[repeat(auto-fill,minmax(min(100%,20rem),1fr))] gap-2 overflow-auto p-2">
      {runs.map((runId) => (
        <Pane key={runId} runId={runId} />
      ))}
    </div>
  );
}
