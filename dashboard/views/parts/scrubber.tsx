import { useMemo } from "react";
import { playTime } from "@/core/play_time";
import { markedParts } from "@/core/replay";
import { useFlock } from "@/store";
import type { Playback } from "./replay_player";

interface ScrubberProps {
  readonly playback: Playback;
  readonly onSeek: (moment: number) => void;
}

/** The thumb of the range input is 16 px wide in all browsers: its middle never gets to the very edge. */
const THUMB_PX = 16;
const PARTS = 300;
const SECONDS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
};

/** Where a replay is, to be moved by hand, with marks where runs began and ended. */
export function Scrubber({ playback, onSeek }: ScrubberProps) {
  const { begin, end, moment, marks } = playback;
  const running = useFlock((state) => state.live.size);
  const finished = useFlock((state) => state.finished.size);
  const parts = useMemo(() => markedParts(marks, { begin, end }, PARTS), [marks, begin, end]);
  return (
    <div className="relative pb-2.5">
      <input
        type="range"
        aria-label="Moment of the replay"
        aria-valuetext={`${playTime(moment - begin)} of ${playTime(end - begin)}, ${running} unfinished, ${finished} finished`}
        className="block h-5 w-full accent-accent"
        min={0}
        max={Math.max(end - begin, 0.001)}
        step="any"
        value={moment - begin}
        onChange={({ target }) => onSeek(begin + target.valueAsNumber)}
        onKeyDown={(event) => {
          const seconds = SECONDS[event.key];
          if (seconds === undefined) return;
          event.preventDefault();
          onSeek(moment + seconds);
        }}
      />
      <div aria-hidden className="pointer-events-none absolute inset-x-0 bottom-0 h-2.5">
        {parts.map(({ place, starts, ends, failures }) => (
          <span
            key={place}
            className="absolute top-0 flex h-full -translate-x-1/2 flex-col items-center"
            style={{ left: `calc(${THUMB_PX / 2}px + ${place} * (100% - ${THUMB_PX}px))` }}
          >
            {starts > 0 && <span className="h-1 w-px bg-muted" />}
            {ends > 0 && <span className="size-1.5 rounded-full bg-done" />}
            {failures > 0 && <span className="size-1.5 rotate-45 bg-failed" />}
          </span>
        ))}
      </div>
    </div>
  );
}
