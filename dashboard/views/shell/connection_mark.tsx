import { useConnection } from "@/store";
import { cn } from "@/ui/classes";

const WORDS = {
  connecting: "connecting",
  live: "live",
  paused: "paused",
  lost: "reconnecting",
  refused: "not connected",
};

/** Says in one word whether what is shown is up to date. */
export function ConnectionMark() {
  const { state } = useConnection();
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span
        aria-hidden
        className={cn(
          "size-2 rounded-full",
          state === "live" ? "bg-done" : state === "refused" ? "bg-failed" : "bg-waiting",
        )}
      />
      {WORDS[state]}
    </span>
  );
}
