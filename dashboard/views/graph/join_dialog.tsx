import { listed } from "@/core/graph_words";
import { visible } from "@/core/text";
import type { JoinBody } from "@/protocol/api";
import { Dialog } from "@/ui/dialog";
import { JoinLine } from "./join_line";

interface JoinDialogProps {
  readonly agent: string;
  readonly types: readonly string[];
  readonly waiting: readonly JoinBody[];
  readonly onClose: () => void;
}

/** What waits at one join: what has come, what is still awaited, and since when. */
export function JoinDialog({ agent, types, waiting, onClose }: JoinDialogProps) {
  return (
    <Dialog
      title={`What ${visible(agent)} waits for`}
      description={`It runs when ${visible(listed(types))} of one correlation are all there.`}
      isOpen
      onClose={onClose}
    >
      {waiting.length === 0 ? (
        <p className="text-muted">Nothing waits at the moment.</p>
      ) : (
        <ul className="divide-y divide-line">
          {waiting.map((join) => (
            <li key={`${join.correlation_id} ${join.since}`} className="py-2">
              <JoinLine join={join} />
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
