import { useCallback, useMemo, useState, useSyncExternalStore } from "react";
import { takesRun } from "@/core/filter";
import type { Filter } from "@/core/route";
import type { State } from "@/core/state";
import { type Bar, barOf, type Grouping, groupsOf, latest, sameBars } from "@/core/timeline";
import { useFlock, useStore } from "@/store";
import { useNow } from "@/views/parts/clock";
import { useNavigation } from "@/views/parts/route";
import { Chart } from "./chart";
import { Legend } from "./legend";
import { Toolbar } from "./toolbar";
import { useSpan } from "./use_span";

/** Parallel runs over time: who waited, when each first spoke, how it ended. A replay is looked at anew. */
export default function TimelineView() {
  const { replay } = useNavigation().route;
  const store = useStore();
  const isReplaying = useSyncExternalStore(store.subscribe, () => store.moment() !== null);
  return <Timeline key={isReplaying ? replay : null} />;
}

function Timeline() {
  const { filter } = useNavigation().route;
  const [by, setBy] = useState<Grouping>("agent");
  const bars = useBars(filter);
  const now = latest(bars, useNow());
  const groups = useMemo(() => groupsOf(bars, by), [bars, by]);
  const view = useSpan(bars, now);
  return (
    <div className="flex h-full flex-col">
      <Toolbar by={by} onGroup={setBy} view={view} bars={bars} />
      {bars.length === 0 ? (
        <p className="p-6 text-center text-muted">
          No runs to show. They appear here as soon as an agent has something to do.
        </p>
      ) : (
        <Chart groups={groups} by={by} view={view} now={now} />
      )}
      <Legend />
    </div>
  );
}

/** Give what is drawn of the runs that the filter takes; the same list while nothing of it has changed. */
function useBars(filter: Filter): readonly Bar[] {
  const finished = useFlock((state) => state.finished);
  const past = useMemo(() => taken(finished, filter), [finished, filter]);
  const live = useFlock(
    useCallback((state: State) => taken(state.live, filter), [filter]),
    sameBars,
  );
  return useMemo(() => [...past, ...live], [past, live]);
}

function taken(runs: State["live"], filter: Filter): readonly Bar[] {
  return [...runs.values()].filter((run) => takesRun(filter, run)).map(barOf);
}
