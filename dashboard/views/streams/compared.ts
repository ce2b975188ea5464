/** Which runs stand side by side. */

/** How many runs stand side by side at most. */
export const MAX_COMPARED = 4;

/** Choose a run, or let go of it; of too many the first one goes. */
export function compared(chosen: readonly string[], runId: string): readonly string[] {
  if (chosen.includes(runId)) return chosen.filter((id) => id !== runId);
  return [...chosen, runId].slice(-MAX_COMPARED);
}
