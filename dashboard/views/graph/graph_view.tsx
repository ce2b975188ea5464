import { useMemo, useState } from "react";
import { type Graph, graphOf } from "@/core/graph";
import { litNodes } from "@/core/graph_filter";
import { Button } from "@/ui/button";
import { useCatalog } from "@/views/parts/catalog";
import { useNavigation } from "@/views/parts/route";
import { AgentList } from "./agent_list";
import { Canvas } from "./canvas";
import { FiguresProvider } from "./figures";
import { JoinsProvider } from "./joins";
import { Legend } from "./legend";
import { LitContext } from "./lit";

const PRESSED = "aria-pressed:border-accent aria-pressed:bg-raised";

/** Who waits for whom: agents and types as a graph, or in words, with what happens there now. */
export default function GraphView() {
  const { agents } = useCatalog();
  const { filter } = useNavigation().route;
  const graph = useGraph(agents);
  const lit = useMemo(() => litNodes(graph, filter), [graph, filter]);
  const [isList, setList] = useState(false);
  if (agents.length === 0) return <p className="p-4 text-muted">This flock has no agents yet.</p>;
  return (
    <FiguresProvider correlations={filter.correlations}>
      <JoinsProvider>
        <LitContext value={lit}>
          <section className="flex h-full flex-col" aria-label="Agents and types">
            <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3 py-2">
              <fieldset className="flex gap-1" aria-label="Show as">
                <Button size="sm" aria-pressed={!isList} className={PRESSED} onClick={() => setList(false)}>
                  Graph
                </Button>
                <Button size="sm" aria-pressed={isList} className={PRESSED} onClick={() => setList(true)}>
                  List
                </Button>
              </fieldset>
              {!isList && <Legend />}
            </div>
            <div className="min-h-0 flex-1">
              {isList ? <AgentList agents={agents} /> : <Canvas graph={graph} />}
            </div>
          </section>
        </LitContext>
      </JoinsProvider>
    </FiguresProvider>
  );
}

/** Give the graph of the agents, the same one as long as it would look the same. */
function useGraph(agents: Parameters<typeof graphOf>[0]): Graph {
  const made = useMemo(() => graphOf(agents), [agents]);
  const [kept, setKept] = useState(made);
  if (kept.key !== made.key) setKept(made);
  return kept.key === made.key ? kept : made;
}
