/** Where the nodes lead to. */

import { useMemo } from "react";
import { NO_FILTER } from "@/core/route";
import { useNavigation } from "@/views/parts/route";

interface Doors {
  readonly openRuns: (agent: string) => void;
  readonly openArtifacts: (type: string) => void;
}

export function useDoors(): Doors {
  const { go } = useNavigation();
  return useMemo(
    () => ({
      openRuns: (agent) => go({ view: "streams", run: null, filter: { ...NO_FILTER, agents: [agent] } }),
      openArtifacts: (type) => go({ view: "board", artifact: null, filter: { ...NO_FILTER, types: [type] } }),
    }),
    [go],
  );
}
