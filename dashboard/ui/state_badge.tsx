import {
  CheckCircledIcon,
  ClockIcon,
  CrossCircledIcon,
  ExclamationTriangleIcon,
  LapTimerIcon,
  PlayIcon,
  StopIcon,
} from "@/ui/icons";
import { cn } from "./classes";

const LOOKS = {
  queued: { Icon: ClockIcon, word: "queued", colour: "text-waiting" },
  running: { Icon: PlayIcon, word: "running", colour: "text-running" },
  completed: { Icon: CheckCircledIcon, word: "completed", colour: "text-done" },
  failed: { Icon: ExclamationTriangleIcon, word: "failed", colour: "text-failed" },
  cancelled: { Icon: CrossCircledIcon, word: "cancelled", colour: "text-stopped" },
  timed_out: { Icon: LapTimerIcon, word: "timed out", colour: "text-failed" },
  interrupted: { Icon: StopIcon, word: "interrupted", colour: "text-stopped" },
} as const;

export type StateName = keyof typeof LOOKS;

export function stateWord(state: StateName): string {
  return LOOKS[state].word;
}

/** The sign of a state alone, in its colour: for where its word stands beside it, or in a label. */
export function StateSign({ state, className }: { readonly state: StateName; readonly className?: string }) {
  const { Icon, colour } = LOOKS[state];
  return <Icon aria-hidden className={cn("state-sign", colour, className)} />;
}

/** A run's state: word, sign and colour together. */
export function StateBadge({ state, className }: { readonly state: StateName; readonly className?: string }) {
  const { Icon, word, colour } = LOOKS[state];
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1 text-xs font-medium whitespace-nowrap",
        colour,
        className,
      )}
    >
      <Icon aria-hidden className="size-3.5" />
      {word}
    </span>
  );
}
