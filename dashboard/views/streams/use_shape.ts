import { useCallback } from "react";
import { useNavigation } from "@/views/parts/route";

interface ShapeOfView {
  readonly shape: "grid" | "single" | "compare";
  /** Go back to the grid, or from a single pane to those it is compared with. */
  readonly leave: () => void;
}

/** How the address wants the Streams view: all panes, one of them, or some side by side. */
export function useShape(): ShapeOfView {
  const { route, go } = useNavigation();
  const leave = useCallback(
    () => go({ run: null, compare: route.run === null ? [] : route.compare }),
    [go, route],
  );
  const shape = route.run !== null ? "single" : route.compare.length > 1 ? "compare" : "grid";
  return { shape, leave };
}
