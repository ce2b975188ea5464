import { useEffect, useState } from "react";
import { counted, seconds } from "@/core/figures";
import { isFinished, type Run } from "@/core/run";
import { visible } from "@/core/text";
import { type Store, StoreContext, useRun } from "@/store";
import { ApiError } from "@/transport/api";
import { Button } from "@/ui/button";
import { useNavigation } from "@/views/parts/route";
import { loadRun, storeOf } from "./loaded_run";
import { Pane } from "./pane";

interface SingleProps {
  readonly runId: string;
  /** Whether the page knows already which runs there are. */
  readonly isKnown: boolean;
}

/** One run in full size. */
export function Single({ runId, isKnown }: SingleProps) {
  const isHere = useRun(runId, () => true) ?? false;
  if (isHere) return <Full runId={runId} />;
  return isKnown ? <Fetched runId={runId} /> : <p className="p-4 text-muted">Connecting</p>;
}

function Full({ runId }: { readonly runId: string }) {
  return (
    <div className="full flex h-full flex-col gap-2 p-2">
      <div className="min-h-0 flex-1">
        <Pane runId={runId} size="large" isTabStop />
      </div>
      <Facts runId={runId} />
    </div>
  );
}

/** A run that the page does not know: older than what it was told, so the server is asked. */
function Fetched({ runId }: { readonly runId: string }) {
  const { go } = useNavigation();
  const [found, setFound] = useState<Store | ApiError | null>(null);
  useEffect(() => {
    let isCurrent = true;
    loadRun(runId).then(
      (state) => isCurrent && setFound(storeOf(state)),
      (error: unknown) => isCurrent && error instanceof ApiError && setFound(error),
    );
    return () => {
      isCurrent = false;
    };
  }, [runId]);
  if (found === null) return <p className="p-4 text-muted">Asking the server for run {visible(runId)}</p>;
  if (!(found instanceof ApiError)) {
    return (
      <StoreContext value={found}>
        <Known runId={runId} />
      </StoreContext>
    );
  }
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 p-6 text-center">
      <h2 className="text-lg font-semibold">No run {visible(runId)}</h2>
      <p className="text-muted">{visible(found.message)}</p>
      {found.hint !== null && <p className="text-muted">{visible(found.hint)}</p>}
      <Button onClick={() => go({ run: null })}>All streams</Button>
    </div>
  );
}

function Known({ runId }: { readonly runId: string }) {
  const isHere = useRun(runId, () => true) ?? false;
  return isHere ? <Full runId={runId} /> : null;
}

/** What else is known of a run, below its text. */
function Facts({ runId }: { readonly runId: string }) {
  const { go } = useNavigation();
  const facts = useRun(runId, factsOf, sameFacts) ?? [];
  const inputs = useRun(runId, (run) => run.inputs) ?? [];
  const artifacts = useRun(runId, (run) => run.artifacts) ?? [];
  const state = useRun(runId, (run) => run.state);
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{visible(value)}</dd>
        </div>
      ))}
      <Links name="inputs" ids={inputs} onOpen={(artifact) => go({ view: "board", artifact, run: null })} />
      {state === "completed" && (
        <Links
          name="published"
          ids={artifacts.map(({ artifact_id: id }) => id)}
          onOpen={(artifact) => go({ view: "board", artifact, run: null })}
        />
      )}
    </dl>
  );
}

function Links({
  name,
  ids,
  onOpen,
}: {
  readonly name: string;
  readonly ids: readonly string[];
  readonly onOpen: (id: string) => void;
}) {
  if (ids.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd className="flex flex-wrap gap-x-2">
        {ids.map((id) => (
          <button key={id} type="button" className="link" title={visible(id)} onClick={() => onOpen(id)}>
            {visible(id.slice(0, 8))}
          </button>
        ))}
      </dd>
    </div>
  );
}

type Fact = readonly [name: string, value: string];

/** Give what is constant, and how it ended. */
export function factsOf(run: Run): Fact[] {
  const facts: Fact[] = [
    ["run", run.runId],
    ["correlation", run.correlationId],
    ["engine", run.model === null ? run.engine : `${run.engine}, ${run.model}`],
    ["priority", run.priority],
  ];
  if (run.activatedAt !== null) facts.push(["waited", seconds(run.activatedAt - run.startedAt)]);
  if (isFinished(run)) facts.push(["streamed", counted(run.next, "token")]);
  if (run.outcome?.finish_reason) facts.push(["finish reason", run.outcome.finish_reason]);
  const usage = Object.entries(run.outcome?.usage ?? {}).filter(([, value]) => typeof value === "number");
  if (usage.length > 0)
    facts.push([
      "usage",
      usage.map(([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`).join(", "),
    ]);
  return facts;
}

function sameFacts(one: Fact[] | undefined, other: Fact[] | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
