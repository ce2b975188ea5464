import { rowOfArtifact, takesRow } from "@/core/board";
import { rawItems } from "@/core/export";
import type { Filter } from "@/core/route";
import type { ArtifactBody } from "@/protocol/api";
import { api } from "@/transport/api";
import type { ListQuery } from "./use_listing";

const PAGE = 1000;

/** Give all artifacts a filter takes, one in a line, each as the server wrote it. */
export async function writeList(query: ListQuery, filter: Filter): Promise<string> {
  const lines: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.artifactsText({ ...query, limit: PAGE, cursor });
    const { items, next }: { items: readonly ArtifactBody[]; next: string | null } = JSON.parse(page);
    for (const [index, line] of rawItems(page).entries()) {
      const artifact = items[index];
      if (artifact === undefined) continue;
      if (takesRow(filter, rowOfArtifact(artifact), () => JSON.stringify(artifact.payload)))
        lines.push(`${line}\n`);
    }
    cursor = next;
  } while (cursor !== null);
  return lines.join("");
}
