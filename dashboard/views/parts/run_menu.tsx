import { fileName } from "@/core/export";
import { formatRoute, HOME, NO_FILTER } from "@/core/route";
import { isFinished } from "@/core/run";
import { visible } from "@/core/text";
import { useFlock, useRun, useStore } from "@/store";
import { Button } from "@/ui/button";
import { DotsHorizontalIcon } from "@/ui/icons";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { type Actions, useActions } from "./actions";
import { useNavigation } from "./route";
import { download, jsonOfRun, ndjsonOfRun, textOfRun } from "./run_export";
import { useSession } from "./session";

interface RunMenuProps {
  readonly runId: string;
}

/** Everything that can be done with one run, in every view the same. */
export function RunMenu({ runId }: RunMenuProps) {
  const agent = useRun(runId, (run) => run.agent);
  if (agent === undefined) return null;
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon-sm" aria-label={`Actions for the run of ${visible(agent)}`}>
          <DotsHorizontalIcon />
        </Button>
      }
    >
      <RunItems runId={runId} agent={agent} />
    </Menu>
  );
}

/** Only drawn while the menu is open: a hundred closed ones cost nothing. */
function RunItems({ runId, agent }: RunMenuProps & { readonly agent: string }) {
  return (
    <>
      <PlaceItems runId={runId} agent={agent} />
      <MenuLine />
      <DeedItems runId={runId} />
      <MenuLine />
      <TakeItems runId={runId} agent={agent} />
    </>
  );
}

function PlaceItems({ runId, agent }: RunMenuProps & { readonly agent: string }) {
  const { route, go } = useNavigation();
  const correlation = useRun(runId, (run) => run.correlationId) ?? "";
  const isCompared = route.compare.includes(runId);
  const compare = isCompared ? route.compare.filter((id) => id !== runId) : [...route.compare, runId];
  return (
    <>
      <MenuItem onSelect={() => go({ view: "streams", run: runId })}>Open</MenuItem>
      <MenuItem onSelect={() => go({ view: "streams", run: null, compare })}>
        {isCompared ? "Take out of the comparison" : "Compare side by side"}
      </MenuItem>
      <MenuItem onSelect={() => go({ run: null, filter: { ...NO_FILTER, agents: [agent] } })}>
        Show only this agent
      </MenuItem>
      <MenuItem onSelect={() => go({ run: null, filter: { ...NO_FILTER, correlations: [correlation] } })}>
        Show only this correlation
      </MenuItem>
    </>
  );
}

function DeedItems({ runId }: RunMenuProps) {
  const actions = useActions();
  const { may } = useSession();
  const hasEnded = useRun(runId, isFinished) ?? true;
  const correlation = useRun(runId, (run) => run.correlationId) ?? "";
  const isGoingOn = useFlock((state) =>
    [...state.live.values()].some(({ correlationId }) => correlationId === correlation),
  );
  return (
    <>
      <MenuItem onSelect={() => actions.replay(correlation)}>Replay the correlation</MenuItem>
      {may("retry") && hasEnded && (
        <MenuItem onSelect={() => void actions.retryRun(runId)}>Retry on the same inputs</MenuItem>
      )}
      {may("cancel") && !hasEnded && (
        <MenuItem isDangerous onSelect={() => void actions.cancelRun(runId)}>
          Cancel the run
        </MenuItem>
      )}
      {may("cancel") && isGoingOn && (
        <MenuItem isDangerous onSelect={() => actions.cancelCorrelation(correlation)}>
          Cancel the correlation …
        </MenuItem>
      )}
    </>
  );
}

function TakeItems({ runId, agent }: RunMenuProps & { readonly agent: string }) {
  const store = useStore();
  const actions = useActions();
  const link = `${location.origin}${location.pathname}${formatRoute({ ...HOME, run: runId })}`;
  const save = (extension: string, type: string, text: Promise<string>) =>
    void text.then((it) => download(fileName(agent, runId, extension), type, it)).catch(actions.notifyError);
  return (
    <>
      <MenuItem onSelect={() => void copy(actions, "Link", Promise.resolve(link))}>Copy link</MenuItem>
      <MenuItem onSelect={() => void copy(actions, "Text", textOfRun(store, runId))}>Copy text</MenuItem>
      <MenuItem onSelect={() => void copy(actions, "JSON", jsonOfRun(store, runId))}>Copy JSON</MenuItem>
      <MenuItem onSelect={() => save("txt", "text/plain", textOfRun(store, runId))}>Download text</MenuItem>
      <MenuItem onSelect={() => save("json", "application/json", jsonOfRun(store, runId))}>
        Download JSON
      </MenuItem>
      <MenuItem onSelect={() => save("ndjson", "application/x-ndjson", ndjsonOfRun(runId))}>
        Download events (NDJSON)
      </MenuItem>
    </>
  );
}

async function copy(actions: Actions, what: string, text: Promise<string>): Promise<void> {
  if (!isSecureContext) {
    actions.notify("A browser copies only on pages of HTTPS or localhost.", {
      tone: "error",
      hint: "Download it instead.",
    });
    return;
  }
  try {
    await navigator.clipboard.writeText(await text);
    actions.notify(`${what} copied.`);
  } catch (error) {
    actions.notifyError(error);
  }
}
