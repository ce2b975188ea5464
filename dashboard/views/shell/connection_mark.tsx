import { useConnection } from "@/store";
import { cn } from "@/ui/classes";
import { useNavigation } from "@/views/parts/route";

const LOOKS = {
  connecting: { word: "connecting", colour: "bg-waiting" },
  live: { word: "live", colour: "bg-done" },
  paused: { word: "paused", colour: "bg-waiting" },
  lost: { word: "reconnecting", colour: "bg-waiting" },
  refused: { word: "not connected", colour: "bg-failed" },
};

const REPLAY = { word: "replay", colour: "bg-accent" };

/** Says in one word whether what is shown is up to date, or past. */
export function ConnectionMark() {
  const { state } = useConnection();
  const { replay } = useNavigation().route;
  const { word, colour } = replay !== null && state === "live" ? REPLAY : LOOKS[state];
  return (
    <span className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span aria-hidden className={cn("size-2 rounded-full", colour)} />
      {word}
    </span>
  );
}
