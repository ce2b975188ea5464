import { counted } from "@/core/figures";
import { isFiltering, NO_FILTER } from "@/core/route";
import { useConnection, useFlock } from "@/store";
import { Button } from "@/ui/button";
import { useActions } from "@/views/parts/actions";
import { useCatalog } from "@/views/parts/catalog";
import { useNavigation } from "@/views/parts/route";
import { useSession } from "@/views/parts/session";

/** What to do where there is nothing to see. */
export function Empty() {
  const { route, go } = useNavigation();
  const known = useFlock((state) => state.live.size + state.finished.size);
  const { state } = useConnection();
  if (known > 0 && isFiltering(route.filter))
    return (
      <Message title="The filter takes none of the runs">
        <p>
          There {known === 1 ? "is" : "are"} {counted(known, "run")} beside it.
        </p>
        <Button onClick={() => go({ filter: NO_FILTER })}>Clear the filter</Button>
      </Message>
    );
  if (state !== "live") return <Message title="Connecting" />;
  return (
    <Message title="No runs yet">
      <FirstSteps />
    </Message>
  );
}

function Message({ title, children }: { readonly title: string; readonly children?: React.ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 p-6 text-center text-muted">
      <h2 className="text-lg font-semibold text-ink">{title}</h2>
      {children}
    </div>
  );
}

function FirstSteps() {
  const { agents } = useCatalog();
  const { publish } = useActions();
  const { may } = useSession();
  const types = [...new Set(agents.flatMap((agent) => agent.consumes))];
  return (
    <>
      <p className="max-w-md">
        Publish an artifact, and the agents that take its type begin to work. What they write grows here, side
        by side.
      </p>
      {agents.length > 0 && (
        <p className="max-w-md text-sm">
          {counted(agents.length, "agent")} {agents.length === 1 ? "waits" : "wait"}
          {types.length > 0 && ` for ${types.slice(0, 6).join(", ")}`}.
        </p>
      )}
      {may("publish") && (
        <Button variant="solid" onClick={() => publish()}>
          Publish an artifact
        </Button>
      )}
    </>
  );
}
