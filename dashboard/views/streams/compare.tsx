import { runOf } from "@/core/state";
import { useFlock } from "@/store";
import { Button } from "@/ui/button";
import { Cross2Icon } from "@/ui/icons";
import { useNavigation } from "@/views/parts/route";
import { compared, MAX_COMPARED } from "./compared";
import { Pane } from "./pane";
import { Single } from "./single";

/** Some runs side by side. */
export function Compare({ runIds }: { readonly runIds: readonly string[] }) {
  const { go } = useNavigation();
  const shown = [...new Set(runIds)].slice(0, MAX_COMPARED);
  return (
    <div className="compare" data-count={shown.length}>
      {shown.map((runId) => (
        <div key={runId} className="compared">
          <Column runId={runId} />
          <Button
            variant="ghost"
            size="sm"
            className="self-end text-muted"
            onClick={() => go({ compare: compared(shown, runId) })}
          >
            <Cross2Icon aria-hidden />
            Take it out
          </Button>
        </div>
      ))}
    </div>
  );
}

function Column({ runId }: { readonly runId: string }) {
  const isHere = useFlock((state) => runOf(state, runId) !== undefined);
  const isKnown = useFlock((state) => state.epoch !== null);
  return (
    <div className="min-h-0 flex-1">
      {isHere ? <Pane runId={runId} size="large" isTabStop /> : <Single runId={runId} isKnown={isKnown} />}
    </div>
  );
}
