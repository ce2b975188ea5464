import { useRef, useState } from "react";
import { useFlock } from "@/store";
import { useFreeze } from "@/views/parts/freeze";
import { useKeys } from "@/views/parts/keys";
import { useNavigation } from "@/views/parts/route";
import { Compare } from "./compare";
import { FrozenAt } from "./figures";
import { Grid, type Place } from "./grid";
import { OpenParts } from "./open_parts";
import { Single } from "./single";
import { useShape } from "./use_shape";
import "./streams.css";

/** Every run's output as it grows: a grid of panes, or one of them, or some side by side. */
export function StreamsView() {
  const { route } = useNavigation();
  const { shape, leave } = useShape();
  const frozenAt = useFrozenAt();
  const epoch = useFlock((state) => state.epoch);
  const place = useRef<Place>({ top: 0, runId: null });
  const [opened] = useState(() => new Set<string>());
  const isChoosing = shape === "grid" && route.compare.length === 0;
  useKeys(isChoosing ? {} : { Escape: leave });
  return (
    <OpenParts value={opened}>
      <FrozenAt value={frozenAt}>
        <section className="streams" aria-label="Streams">
          <div className="min-h-0 flex-1">
            {route.run !== null && <Single key={route.run} runId={route.run} isKnown={epoch !== null} />}
            {shape === "compare" && <Compare runIds={route.compare} />}
            {shape === "grid" && <Grid place={place} />}
          </div>
        </section>
      </FrozenAt>
    </OpenParts>
  );
}

/** Give since when all stands still, in seconds; null while it does not. */
function useFrozenAt(): number | null {
  const { isFrozen } = useFreeze();
  const [since, setSince] = useState({ isFrozen, at: Date.now() / 1000 });
  if (since.isFrozen !== isFrozen) setSince({ isFrozen, at: Date.now() / 1000 });
  return isFrozen ? since.at : null;
}
