import { lazy, Suspense } from "react";
import type { View } from "@/core/route";
import { useNavigation } from "@/views/parts/route";
import { Header } from "@/views/shell/header";
import { StreamsView } from "@/views/streams/streams_view";

const LATER: Record<Exclude<View, "streams">, React.ComponentType> = {
  graph: lazy(() => import("@/views/graph/graph_view")),
  board: lazy(() => import("@/views/board/board_view")),
  timeline: lazy(() => import("@/views/timeline/timeline_view")),
  metrics: lazy(() => import("@/views/metrics/metrics_view")),
};

/** The page: what is the same in all views around the one that is open. The first one is loaded with it. */
export function App() {
  const { view } = useNavigation().route;
  const Shown = view === "streams" ? StreamsView : LATER[view];
  return (
    <div className="flex h-full flex-col overflow-hidden">
      <Header />
      <main className="min-h-0 flex-1">
        <Suspense fallback={<p className="p-4 text-muted">Loading</p>}>
          <Shown />
        </Suspense>
      </main>
    </div>
  );
}
