import { type ReactNode, useEffect, useState } from "react";
import { gapWords, lossWords, refusalWords } from "@/core/connection_words";
import { visible } from "@/core/text";
import { clockTime } from "@/core/time_axis";
import { useConnection, useFlock } from "@/store";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { Cross2Icon } from "@/ui/icons";
import { useSession } from "@/views/parts/session";

/** How long a connection may be lost before it is worth a word. */
const CALM_MS = 3_000;

/** Says when what is shown is not up to date, and why; nothing while all is well. */
export function ConnectionBanner() {
  const connection = useConnection();
  const { connect } = useSession();
  return (
    <div role="status">
      {connection.state === "lost" && (
        <LostBanner
          key={connection.since}
          since={connection.since}
          reason={connection.reason}
          onRetry={connect}
        />
      )}
      {connection.state === "refused" && (
        <RefusedBanner code={connection.code} reason={connection.reason} onRetry={connect} />
      )}
      <GapBanner />
    </div>
  );
}

interface LostBannerProps {
  /** In milliseconds of `Date.now()`. */
  readonly since: number;
  readonly reason: string;
  readonly onRetry: () => void;
}

function LostBanner({ since, reason, onRetry }: LostBannerProps) {
  const [isWorthAWord, setWorthAWord] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWorthAWord(true), since + CALM_MS - Date.now());
    return () => clearTimeout(timer);
  }, [since]);
  if (!isWorthAWord) return null;
  return (
    <Banner tone="waiting">
      <p className="min-w-0 flex-1">
        <strong>Not connected since {clockTime(since / 1000, 1)}</strong>: {visible(lossWords(reason))}. The
        page connects again by itself, and then shows what it missed.
      </p>
      <Button size="sm" onClick={onRetry}>
        Try now
      </Button>
    </Banner>
  );
}

interface RefusedBannerProps {
  readonly code: number;
  readonly reason: string;
  readonly onRetry: () => void;
}

function RefusedBanner({ code, reason, onRetry }: RefusedBannerProps) {
  const { what, next } = refusalWords(code, reason);
  return (
    <Banner tone="failed">
      <p className="min-w-0 flex-1">
        <strong>{visible(what)}</strong> {next}
      </p>
      <Button size="sm" onClick={onRetry}>
        Try again
      </Button>
    </Banner>
  );
}

/** The latest gap, until it is dismissed. */
function GapBanner() {
  const gap = useFlock((state) => state.gaps.at(-1) ?? null);
  const [dismissed, setDismissed] = useState<typeof gap>(null);
  if (gap === null || gap === dismissed) return null;
  const { what, next } = gapWords(gap);
  return (
    <Banner tone="waiting">
      <p className="min-w-0 flex-1">
        <strong>{what}</strong> {next}
      </p>
      <Button variant="ghost" size="icon-sm" aria-label="Dismiss" onClick={() => setDismissed(gap)}>
        <Cross2Icon />
      </Button>
    </Banner>
  );
}

const EDGES = { waiting: "border-l-waiting", failed: "border-l-failed" };

function Banner({ tone, children }: { readonly tone: keyof typeof EDGES; readonly children: ReactNode }) {
  return (
    <div
      className={cn(
        "flex items-center gap-3 border-b border-l-4 border-line bg-raised px-3 py-1.5 text-sm",
        EDGES[tone],
      )}
    >
      {children}
    </div>
  );
}
