import { lazy, Suspense, useCallback, useRef, useState } from "react";
import type { Intent } from "@/core/commands";
import { NO_FILTER, VIEWS, type View } from "@/core/route";
import { useActions } from "@/views/parts/actions";
import { useFreeze } from "@/views/parts/freeze";
import { useKeys, usePaletteKey } from "@/views/parts/keys";
import { ReplayBar } from "@/views/parts/replay_bar";
import { useNavigation } from "@/views/parts/route";
import { useSession } from "@/views/parts/session";
import { changeSettings } from "@/views/parts/settings";
import { ConnectionBanner } from "@/views/shell/connection_banner";
import { ErrorBoundary } from "@/views/shell/error_boundary";
import { FilterBar } from "@/views/shell/filter_bar";
import { Header } from "@/views/shell/header";
import { PublishOnly } from "@/views/shell/publish_only";
import { SignIn } from "@/views/shell/sign_in";
import { useTheme } from "@/views/shell/theme";
import { TITLES } from "@/views/shell/titles";
import { StreamsView } from "@/views/streams/streams_view";
import { Toolbar as StreamsTools } from "@/views/streams/toolbar";

const Palette = lazy(() => import("@/views/shell/palette"));
const KeySheet = lazy(() => import("@/views/shell/key_sheet"));

const LATER: Record<Exclude<View, "streams">, React.ComponentType> = {
  graph: lazy(() => import("@/views/graph/graph_view")),
  board: lazy(() => import("@/views/board/board_view")),
  timeline: lazy(() => import("@/views/timeline/timeline_view")),
  metrics: lazy(() => import("@/views/metrics/metrics_view")),
};

type Overlay = "palette" | "help";

/** The page: what is the same in all views around the one that is open. */
export function App() {
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const [isFilterOpen, setFilterOpen] = useState(false);
  const filterText = useRef<HTMLInputElement>(null);
  const openPalette = useCallback(() => setOverlay("palette"), []);
  const openHelp = useCallback(() => setOverlay("help"), []);
  const close = () => setOverlay(null);
  const act = useIntents(openHelp);
  const isWatching = useIsWatching();
  const { view } = useNavigation().route;
  const find = () => {
    setFilterOpen(true);
    requestAnimationFrame(() => filterText.current?.focus());
  };
  usePageKeys(act, find, isWatching);
  usePaletteKey(openPalette);
  return (
    <div className="flex h-full flex-col overflow-hidden">
      <a
        href="#main"
        className="sr-only z-60 rounded-md bg-panel text-accent focus:not-sr-only focus:absolute focus:top-1 focus:left-1 focus:px-3 focus:py-1"
      >
        Skip to the view
      </a>
      <Header
        isFilterOpen={isFilterOpen}
        onToggleFilter={() => setFilterOpen(!isFilterOpen)}
        onPalette={openPalette}
        onHelp={openHelp}
      />
      {isWatching && (
        <FilterBar isOpen={isFilterOpen} inputRef={filterText}>
          {view === "streams" && <StreamsTools />}
        </FilterBar>
      )}
      {isWatching && <ConnectionBanner />}
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 outline-none">
        <Page />
      </main>
      {isWatching && <ReplayBar />}
      <Suspense fallback={null}>
        {overlay === "palette" && <Palette onClose={close} onIntent={act} />}
        {overlay === "help" && <KeySheet onClose={close} />}
      </Suspense>
    </div>
  );
}

function useIsWatching(): boolean {
  const { isSignedOut, may } = useSession();
  return !isSignedOut && may("watch");
}

/** What may be seen: the view of the address, or what stands for it. */
function Page() {
  const { view } = useNavigation().route;
  const { isSignedOut, may } = useSession();
  if (isSignedOut) return <SignIn />;
  if (!may("watch")) return <PublishOnly />;
  const Shown = view === "streams" ? StreamsView : LATER[view];
  return (
    <ErrorBoundary key={view} name={TITLES[view]}>
      <Suspense fallback={<p className="p-4 text-muted">Loading</p>}>
        <Shown />
      </Suspense>
    </ErrorBoundary>
  );
}

/** Give what does what a command, or a key, is for. */
function useIntents(openHelp: () => void): (intent: Intent) => void {
  const { go } = useNavigation();
  const actions = useActions();
  const { toggle: toggleFreeze } = useFreeze();
  const { signOut } = useSession();
  const [, toggleTheme] = useTheme();
  return (intent) => {
    switch (intent.kind) {
      case "go":
        return go(intent.change);
      case "publish":
        return actions.publish(intent.type === undefined ? undefined : { type: intent.type });
      case "run":
        return actions.runAgent(intent.agent);
      case "cancel_run":
        return void actions.cancelRun(intent.runId);
      case "retry_run":
        return void actions.retryRun(intent.runId);
      case "cancel_correlation":
        return actions.cancelCorrelation(intent.correlationId);
      case "replay":
        return actions.replay(intent.correlationId);
      case "density":
        return changeSettings({ density: intent.panes });
      case "freeze":
        return toggleFreeze();
      case "theme":
        return toggleTheme();
      case "help":
        return openHelp();
      case "sign_out":
        return void signOut().catch(actions.notifyError);
    }
  };
}

function usePageKeys(act: (intent: Intent) => void, find: () => void, isWatching: boolean): void {
  const { may } = useSession();
  const views = VIEWS.map((view, place) => [String(place + 1), () => act({ kind: "go", change: { view } })]);
  const general = { t: () => act({ kind: "theme" }), "?": () => act({ kind: "help" }) };
  const watching = {
    ...Object.fromEntries(views),
    "/": find,
    x: () => act({ kind: "go", change: { filter: NO_FILTER } }),
    f: () => act({ kind: "freeze" }),
    ...(may("publish") && { n: () => act({ kind: "publish" }) }),
    ...(may("run") && { r: () => act({ kind: "run" }) }),
  };
  useKeys(isWatching ? { ...watching, ...general } : general);
}
