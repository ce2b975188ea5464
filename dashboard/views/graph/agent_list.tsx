import { memo, useCallback } from "react";
import { conditionOf } from "@/core/graph";
import { agentFigures, artifactsOf, type Figures, sameFigures } from "@/core/graph_figures";
import { artifactWords, listed, nowWords, pastWords } from "@/core/graph_words";
import { visible } from "@/core/text";
import type { AgentBody, SubscriptionBody } from "@/protocol/api";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { useFigures } from "./figures";
import { JoinLine } from "./join_line";
import { useJoins } from "./joins";
import { useLitAgent } from "./lit";
import { useDoors } from "./open";

/** The graph in words: each agent, what it waits for, what it makes of it, and how that goes. */
export function AgentList({ agents }: { readonly agents: readonly AgentBody[] }) {
  return (
    <ul className="h-full overflow-auto px-3 pb-3" aria-label="Agents">
      {agents.map((agent) => (
        <AgentItem key={agent.name} agent={agent} />
      ))}
    </ul>
  );
}

const AgentItem = memo(({ agent }: { readonly agent: AgentBody }) => {
  const { name } = agent;
  const figures = useFigures(
    useCallback((all: Figures) => agentFigures(all, name), [name]),
    sameFigures,
  );
  const { openRuns } = useDoors();
  const isLit = useLitAgent(name);
  return (
    <li
      className={cn(
        "mb-2 grid gap-x-6 gap-y-1 rounded-lg border border-line px-3 py-2 [contain-intrinsic-size:auto_5rem] [content-visibility:auto] sm:grid-cols-[14rem_1fr_1fr]",
        isLit ? "bg-panel" : "border-dashed text-muted",
      )}
    >
      <div className="min-w-0">
        <h3 className="truncate font-semibold">{visible(name)}</h3>
        <p className="text-xs tabular-nums">
          {figures.streaming > 0 && <strong>streaming: </strong>}
          {nowWords(figures)}
        </p>
        <p className={cn("text-xs tabular-nums", figures.failed > 0 ? "text-failed" : "text-muted")}>
          {pastWords(figures)}
        </p>
      </div>
      <div className="min-w-0 text-sm break-words">
        <p className="text-muted">{visible(agent.description)}</p>
        {agent.subscriptions.map((subscription) => (
          <p key={JSON.stringify(subscription)}>Consumes {visible(subscriptionWords(subscription))}</p>
        ))}
        <p>
          Publishes {agent.publishes.length === 0 ? "nothing" : ""}
          {agent.publishes.map((type, index) => (
            <span key={type}>
              {index > 0 && ", "}
              <TypeLink name={type} />
            </span>
          ))}
        </p>
        <Waiting agent={name} />
      </div>
      <div className="flex items-start justify-end">
        <Button size="sm" onClick={() => openRuns(name)}>
          Open its runs<span className="sr-only">: {visible(name)}</span>
        </Button>
      </div>
    </li>
  );
});
AgentItem.displayName = "AgentItem";

function TypeLink({ name }: { readonly name: string }) {
  const count = useFigures(useCallback((all: Figures) => artifactsOf(all, name), [name]));
  const { openArtifacts } = useDoors();
  return (
    <button type="button" className="text-accent underline" onClick={() => openArtifacts(name)}>
      {visible(name)} ({artifactWords(count)})
    </button>
  );
}

function Waiting({ agent }: { readonly agent: string }) {
  const waiting = useJoins().filter((join) => join.agent === agent);
  return waiting.map((join) => <JoinLine key={`${join.correlation_id} ${join.since}`} join={join} />);
}

function subscriptionWords(subscription: SubscriptionBody): string {
  const { types } = subscription;
  const condition = conditionOf(subscription);
  const what = types.length > 1 ? `${listed(types)}, all of one correlation` : types.join("");
  return condition === "" ? what : `${what} (${condition})`;
}
