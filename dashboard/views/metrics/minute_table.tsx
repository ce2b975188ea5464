import { useMemo } from "react";
import { count, rate } from "@/core/figures";
import { byMinute, bytes } from "@/core/process_figures";
import { clockTime } from "@/core/time_axis";
import type { Metrics } from "@/protocol/events";

const COLUMNS: readonly { readonly name: string; readonly show: (one: Metrics) => string }[] = [
  { name: "Active streams", show: (one) => count(one.active_streams) },
  { name: "Queued", show: (one) => count(one.queued_streams) },
  { name: "Tokens/s", show: (one) => rate(one.tokens_per_s) },
  { name: "Viewers", show: (one) => count(one.viewers) },
  { name: "Worst lag", show: (one) => count(one.viewer_lag_events) },
  { name: "Journal", show: (one) => bytes(one.journal_bytes) },
  { name: "Memory", show: (one) => bytes(one.process_memory_bytes) },
];

/** What the charts show, as a table: one line for each of the last minutes. */
export function MinuteTable({ metrics }: { readonly metrics: readonly Metrics[] }) {
  const minutes = useMemo(() => byMinute(metrics), [metrics]);
  return (
    <details className="mt-3 rounded-lg border border-line bg-panel p-3">
      <summary className="cursor-pointer text-sm font-semibold">The last 15 minutes as a table</summary>
      <section
        aria-label="Figures by minute"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
        tabIndex={0}
        className="relative mt-2 overflow-x-auto"
      >
        <table className="w-full text-sm tabular-nums">
          <caption className="sr-only">The last measurement of each minute</caption>
          <thead className="text-xs text-muted">
            <tr>
              <th scope="col" className="py-1 text-left font-medium">
                Time
              </th>
              {COLUMNS.map(({ name }) => (
                <th key={name} scope="col" className="py-1 pl-3 text-right font-medium whitespace-nowrap">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {minutes.map((one) => (
              <tr key={one.timestamp} className="border-t border-line">
                <th scope="row" className="py-1 text-left font-normal">
                  {clockTime(one.timestamp, 1)}
                </th>
                {COLUMNS.map(({ name, show }) => (
                  <td key={name} className="py-1 pl-3 text-right whitespace-nowrap">
                    {show(one)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
