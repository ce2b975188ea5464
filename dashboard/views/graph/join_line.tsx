import { duration, listed } from "@/core/graph_words";
import { visible } from "@/core/text";
import type { JoinBody } from "@/protocol/api";
import { useNow } from "@/views/parts/clock";

/** One join that waits, in words. */
export function JoinLine({ join }: { readonly join: JoinBody }) {
  const now = useNow();
  const arrived = join.arrived.map(({ type, count }) => (count > 1 ? `${count} of ${type}` : type));
  return (
    <p className="text-sm break-words">
      <span className="text-waiting">waits for {visible(listed(join.awaited))}</span>
      {`, has ${visible(listed(arrived))}, since ${duration(now - Date.parse(join.since) / 1000)}`}
      <span className="block text-xs text-muted">correlation {join.correlation_id}</span>
    </p>
  );
}
