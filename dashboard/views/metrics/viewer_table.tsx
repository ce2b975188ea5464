import { useEffect, useState } from "react";
import { count, counted } from "@/core/figures";
import { clockTime } from "@/core/time_axis";
import type { ViewerBody, ViewerList } from "@/protocol/api";
import { api } from "@/transport/api";

const LOOK_MS = 2000;
const KINDS: Record<ViewerBody["kind"], string> = {
  terminal: "terminal",
  websocket: "WebSocket",
  sse: "server-sent events",
  program: "program",
};

/** Who watches right now, and how far behind each of them is. */
export function ViewerTable() {
  const viewers = useViewers();
  return (
    <section aria-label="Viewers now" className="rounded-lg border border-line bg-panel p-3">
      <h2 className="text-sm font-semibold">Viewers now</h2>
      <p className="mb-2 text-xs text-muted">
        {viewers === null
          ? "Not known yet."
          : `${counted(viewers.total, "viewer")}, those furthest behind first.`}
      </p>
      {viewers !== null && (
        <table className="w-full text-sm tabular-nums">
          <thead className="text-xs text-muted">
            <tr>
              <th scope="col" className="py-1 text-left font-medium">
                Kind
              </th>
              <th scope="col" className="py-1 text-right font-medium">
                Since
              </th>
              <th scope="col" className="py-1 text-right font-medium">
                Events behind
              </th>
            </tr>
          </thead>
          <tbody>
            {viewers.items.map(({ kind, since, lag_events: lag }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: viewers have no name; two may be alike in all else
              <tr key={index} className="border-t border-line">
                <td className="py-1">{KINDS[kind]}</td>
                <td className="py-1 text-right">{clockTime(Date.parse(since) / 1000, 1)}</td>
                <td className="py-1 text-right">{count(lag)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Ask for the viewers every other second, while the page is looked at; null where they are not known. */
function useViewers(): ViewerList | null {
  const [viewers, setViewers] = useState<ViewerList | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    const look = () => {
      if (document.visibilityState === "hidden") return;
      api.viewers(leaving.signal).then(setViewers, () => leaving.signal.aborted || setViewers(null));
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, []);
  return viewers;
}
