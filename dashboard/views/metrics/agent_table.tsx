import { useCallback, useMemo, useState } from "react";
import { count, seconds } from "@/core/figures";
import { takesRun } from "@/core/filter";
import { type AgentWaits, sameWaits, type Wait, waitsByAgent, waitsOf } from "@/core/process_figures";
import type { Filter } from "@/core/route";
import type { State } from "@/core/state";
import { visible } from "@/core/text";
import { useFlock } from "@/store";
import { Button } from "@/ui/button";
import { useNavigation } from "@/views/parts/route";
import { useCalm } from "./use_calm";

/** How many agents are listed before one asks for the others. */
const AT_FIRST = 25;

const HEAD = "py-1 pl-3 text-right font-medium";
const CELL = "py-1 pl-3 text-right whitespace-nowrap";

/** How long each agent takes until it first says something: half of its runs at most p50, all but one in twenty p95. */
export function AgentTable() {
  const waits = useWaits();
  const agents = useMemo(() => waitsByAgent(waits), [waits]);
  const [isAll, setAll] = useState(false);
  const shown = isAll ? agents : agents.slice(0, AT_FIRST);
  const longest = Math.max(...agents.map(({ p95 }) => p95), 0.001);
  return (
    <section aria-label="Time to first token" className="rounded-lg border border-line bg-panel p-3">
      <h2 className="text-sm font-semibold">Time to first token</h2>
      <p className="mb-2 text-xs text-muted">
        Half of an agent's runs speak within p50, nineteen of twenty within p95.
      </p>
      {agents.length === 0 ? (
        <p className="py-4 text-center text-muted">No agent has said anything yet.</p>
      ) : (
        <>
          <table className="w-full text-sm tabular-nums">
            <thead className="text-xs text-muted">
              <tr>
                <th scope="col" className="py-1 text-left font-medium">
                  Agent
                </th>
                <th scope="col" className={HEAD}>
                  Runs
                </th>
                <th scope="col" className={HEAD}>
                  p50
                </th>
                <th scope="col" className={HEAD}>
                  p95
                </th>
                <td className="hidden w-2/5 sm:table-cell" />
              </tr>
            </thead>
            <tbody>
              {shown.map((agent) => (
                <AgentRow key={agent.agent} agent={agent} longest={longest} />
              ))}
            </tbody>
          </table>
          {agents.length > shown.length && (
            <Button size="sm" className="mt-2" onClick={() => setAll(true)}>
              Show all {count(agents.length)} agents
            </Button>
          )}
        </>
      )}
    </section>
  );
}

function AgentRow({ agent, longest }: { readonly agent: AgentWaits; readonly longest: number }) {
  const percent = (value: number) => `${(value / longest) * 100}%`;
  return (
    <tr className="border-t border-line">
      <th scope="row" className="max-w-40 truncate py-1 text-left font-normal">
        {visible(agent.agent)}
      </th>
      <td className={CELL}>{count(agent.runs)}</td>
      <td className={CELL}>{seconds(agent.p50)}</td>
      <td className={CELL}>{seconds(agent.p95)}</td>
      <td aria-hidden className="hidden pl-3 sm:table-cell">
        <span className="relative block h-3">
          <span
            className="absolute inset-y-0 left-0 rounded-sm border border-running bg-running/20"
            style={{ width: percent(agent.p95) }}
          />
          <span
            className="absolute inset-y-0 left-0 rounded-sm bg-running"
            style={{ width: percent(agent.p50) }}
          />
        </span>
      </td>
    </tr>
  );
}

/** Give the waits of all runs that the filter takes, anew no more than once a second. */
function useWaits(): readonly Wait[] {
  const { filter } = useNavigation().route;
  const finished = useCalm(useFlock((state) => state.finished));
  const past = useMemo(() => waitsOf(taken(finished, filter)), [finished, filter]);
  const live = useCalm(
    useFlock(
      useCallback((state: State) => waitsOf(taken(state.live, filter)), [filter]),
      sameWaits,
    ),
  );
  return useMemo(() => [...past, ...live], [past, live]);
}

function taken(runs: State["live"], filter: Filter) {
  return [...runs.values()].filter((run) => takesRun(filter, run));
}
