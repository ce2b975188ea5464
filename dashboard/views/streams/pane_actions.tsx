import type { PaneSize } from "@/core/grid";
import { visible } from "@/core/text";
import { Button } from "@/ui/button";
import { DrawingPinFilledIcon, DrawingPinIcon, EnterFullScreenIcon } from "@/ui/icons";
import { useNavigation } from "@/views/parts/route";
import { RunMenu } from "@/views/parts/run_menu";
import { togglePin, useSettings } from "@/views/parts/settings";

interface ActionsProps {
  readonly runId: string;
  readonly agent: string;
  readonly size: PaneSize;
}

/** What can be done with a pane; in small ones only where the pointer or the focus is. */
export function PaneActions({ runId, agent, size }: ActionsProps) {
  const { route, go } = useNavigation();
  const isPinned = useSettings().pins.includes(runId);
  const name = visible(agent);
  return (
    <div className="pane-actions" data-size={size}>
      {route.run === null && (
        <>
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={isPinned ? `Let go of ${name}` : `Pin ${name}`}
            title={isPinned ? "Let go (p)" : "Pin (p)"}
            onClick={() => togglePin(runId)}
          >
            {isPinned ? <DrawingPinFilledIcon /> : <DrawingPinIcon />}
          </Button>
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={`Show ${name} in full size`}
            title="Full size (Enter)"
            onClick={() => go({ run: runId })}
          >
            <EnterFullScreenIcon />
          </Button>
        </>
      )}
      <RunMenu runId={runId} />
    </div>
  );
}
