import { useConnection } from "@/store";
import { cn } from "@/ui/classes";

const LOOKS = {
  connecting: { word: "connecting", colour: "bg-waiting" },
  live: { word: "live", colour: "bg-done" },
  paused: { word: "paused", colour: "bg-waiting" },
  lost: { word: "reconnecting", colour: "bg-waiting" },
  refused: { word: "not connected", colour: "bg-failed" },
};

/** Says in one word whether what is shown is up to date. */
export function ConnectionMark() {
  const { state } = useConnection();
  const { word, colour } = LOOKS[state];
  return (
    <span className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span aria-hidden className={cn("size-2 rounded-full", colour)} />
      {word}
    </span>
  );
}
