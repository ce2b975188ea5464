import { useSyncExternalStore } from "react";
import type { ArtifactBody } from "@/protocol/api";
import type { Payloads } from "./payloads";

/** Give an artifact, undefined while it is not loaded; the component is drawn again when it is. */
export function useLoaded(payloads: Payloads, id: string): ArtifactBody | undefined {
  return useSyncExternalStore(payloads.subscribe, () => payloads.get(id));
}
