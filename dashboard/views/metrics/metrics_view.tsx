import { useMemo } from "react";
import { count, counted, rate } from "@/core/figures";
import { bytes } from "@/core/process_figures";
import type { Metrics } from "@/protocol/events";
import { useFlock } from "@/store";
import { AgentTable } from "./agent_table";
import { LineChart } from "./line_chart";
import { MinuteTable } from "./minute_table";
import type { Line } from "./plot";
import { useCalm } from "./use_calm";
import { useHistory } from "./use_history";
import { ViewerTable } from "./viewer_table";

/** How the process is doing, and how fast its agents answer. */
export default function MetricsView() {
  useHistory();
  const metrics = useCalm(useFlock((state) => state.metrics));
  return (
    <div className="h-full overflow-auto p-3">
      {metrics.length === 0 ? (
        <p role="status" className="mb-3 rounded-lg border border-line bg-panel p-6 text-center text-muted">
          No figures yet. They come once a second while somebody watches.
        </p>
      ) : (
        <Charts metrics={metrics} />
      )}
      <div className="mt-3 grid grid-cols-1 items-start gap-3 lg:grid-cols-2">
        <AgentTable />
        <ViewerTable />
      </div>
      {metrics.length > 0 && <MinuteTable metrics={metrics} />}
    </div>
  );
}

type Figure = Exclude<keyof Metrics, "type" | "timestamp">;

/** Give one figure of all measurements as a line. */
function lineOf(metrics: readonly Metrics[], figure: Figure, line: Omit<Line, "values">): Line {
  return { ...line, values: metrics.map((one) => one[figure]) };
}

function Charts({ metrics }: { readonly metrics: readonly Metrics[] }) {
  const lines = useMemo(() => {
    const line = (figure: Figure, rest: Omit<Line, "values">) => lineOf(metrics, figure, rest);
    return {
      times: metrics.map(({ timestamp }) => timestamp),
      streams: [
        line("active_streams", { label: "active", colour: "running" }),
        line("queued_streams", { label: "queued", colour: "waiting", isDashed: true }),
      ],
      tokens: [line("tokens_per_s", { label: "tokens/s", colour: "done" })],
      lag: [line("viewer_lag_events", { label: "events behind", colour: "waiting" })],
      viewers: [line("viewers", { label: "viewers", colour: "accent" })],
      journal: [line("journal_bytes", { label: "bytes", colour: "stopped" })],
      memory: [line("process_memory_bytes", { label: "in use", colour: "accent" })],
    };
  }, [metrics]);
  const { times } = lines;
  const last = metrics.at(-1);
  const whole = (value: number) => count(Math.round(value));
  return (
    <div className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3">
      <LineChart
        title="Streams"
        hint="at the same time"
        times={times}
        lines={lines.streams}
        unit="count"
        format={whole}
      />
      <LineChart
        title="Tokens"
        hint="a second, of all streams"
        times={times}
        lines={lines.tokens}
        unit="count"
        format={rate}
        aside={`${count(last?.tokens_total ?? 0)} in all`}
      />
      <LineChart
        title="Worst lag"
        hint="of the viewer furthest behind"
        times={times}
        lines={lines.lag}
        unit="count"
        format={whole}
      />
      <LineChart
        title="Viewers"
        hint="who watch"
        times={times}
        lines={lines.viewers}
        unit="count"
        format={whole}
      />
      <LineChart
        title="Journal"
        hint="what it holds"
        times={times}
        lines={lines.journal}
        unit="bytes"
        format={bytes}
        aside={counted(last?.journal_events ?? 0, "event")}
      />
      <LineChart
        title="Memory"
        hint="of the process"
        times={times}
        lines={lines.memory}
        unit="bytes"
        format={bytes}
      />
    </div>
  );
}
