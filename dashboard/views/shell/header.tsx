import { MoonIcon, SunIcon } from "@radix-ui/react-icons";
import { VIEWS, type View } from "@/core/route";
import { useFlock } from "@/store";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { useNavigation } from "@/views/parts/route";
import { ConnectionMark } from "./connection_mark";
import { useTheme } from "./theme";

const TITLES: Record<View, string> = {
  streams: "Streams",
  graph: "Graph",
  board: "Board",
  timeline: "Timeline",
  metrics: "Metrics",
};

export function Header() {
  const { route, go } = useNavigation();
  const [theme, toggleTheme] = useTheme();
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-panel px-3 py-1.5">
      <h1 className="text-base font-semibold tracking-tight">flock</h1>
      <nav
        aria-label="Views"
        className="order-last flex w-full gap-1 overflow-x-auto sm:order-none sm:w-auto"
      >
        {VIEWS.map((view) => (
          <Button
            key={view}
            variant="ghost"
            size="sm"
            aria-current={route.view === view ? "page" : undefined}
            className={cn("text-sm text-muted", route.view === view && "bg-raised text-ink")}
            onClick={() => go({ view })}
          >
            {TITLES[view]}
          </Button>
        ))}
      </nav>
      <Counts />
      <div className="ml-auto flex items-center gap-2">
        <ConnectionMark />
        <Button
          variant="ghost"
          size="icon"
          aria-label={theme === "dark" ? "Light colours" : "Dark colours"}
          onClick={toggleTheme}
        >
          {theme === "dark" ? <SunIcon /> : <MoonIcon />}
        </Button>
      </div>
    </header>
  );
}

function Counts() {
  const running = useFlock((state) => {
    let count = 0;
    for (const run of state.live.values()) if (run.state === "running") count += 1;
    return count;
  });
  const live = useFlock((state) => state.live.size);
  const finished = useFlock((state) => state.finished.size);
  const rate = useFlock((state) => Math.round(state.metrics.at(-1)?.tokens_per_s ?? 0));
  return (
    <p className="hidden text-xs text-muted tabular-nums md:block">
      {running} running · {live - running} waiting · {finished} finished · {rate} tokens/s
    </p>
  );
}
