import { useEffect } from "react";
import { countsOf, sameCounts, windowTitle } from "@/core/counts";
import { useConnection, useFlock } from "@/store";

/** How many runs there are of each kind; the window's title says it, too. */
export function CountsLine() {
  const counts = useFlock(countsOf, sameCounts);
  const isLive = useConnection().state === "live";
  const title = windowTitle(counts);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <p className="text-xs whitespace-nowrap text-muted tabular-nums">
      {counts.running} running
      <span className="hidden xl:inline">
        {" "}
        · {counts.waiting} waiting · {counts.finished} finished
        {isLive && ` · ${counts.tokensPerS} tokens/s`}
      </span>
    </p>
  );
}
