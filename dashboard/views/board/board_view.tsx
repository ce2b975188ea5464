import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { boardRows, type Order, type Row, rowOfPublication, takesRow } from "@/core/board";
import { isFiltering } from "@/core/route";
import { visible } from "@/core/text";
import type { ArtifactPublished } from "@/protocol/events";
import { useFlock } from "@/store";
import { Button } from "@/ui/button";
import { DownloadIcon } from "@/ui/icons";
import { useActions } from "@/views/parts/actions";
import { useNavigation } from "@/views/parts/route";
import { download } from "@/views/parts/run_export";
import { ArtifactPanel } from "./artifact_panel";
import { Payloads } from "./payloads";
import { Table } from "./table";
import { listQuery, useListing } from "./use_listing";
import { useIsNarrow } from "./use_narrow";
import { writeList } from "./write_list";

/** Of how many publications the payloads are loaded to look for a text in them. */
const MAX_SEARCHED = 1000;

/** What is on the board: artifacts, newest first, and one of them with all that belongs to it. */
export default function BoardView() {
  const { route, go } = useNavigation();
  const [payloads] = useState(() => new Payloads());
  const [order, setOrder] = useState<Order>("newest");
  const listing = useRows(order, payloads);
  const isNarrow = useIsNarrow();
  const { artifact } = route;
  const close = useCallback(() => go({ artifact: null }), [go]);
  const open = useCallback((id: string, how: "push" | "replace") => go({ artifact: id }, how), [go]);
  return (
    <div className="relative flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <Toolbar
          count={listing.rows.length}
          isWhole={listing.isWhole}
          isLoading={listing.isLoading}
          order={order}
        />
        {listing.error !== null && <Failure error={listing.error} />}
        <div className="min-h-0 flex-1" inert={isNarrow && artifact !== null}>
          {listing.rows.length === 0 && !listing.isLoading ? (
            <Empty />
          ) : (
            <Table
              rows={listing.rows}
              order={order}
              onOrder={setOrder}
              open={artifact}
              onOpen={open}
              onClose={close}
              onEnd={listing.loadMore}
              payloads={payloads}
              isWhole={listing.isWhole}
              isNarrow={isNarrow}
            />
          )}
        </div>
      </div>
      {artifact !== null && (
        <ArtifactPanel id={artifact} payloads={payloads} onClose={close} isCovering={isNarrow} />
      )}
    </div>
  );
}

/** Give what is listed: in a replay what had been published by its moment, otherwise what the server has. */
function useRows(order: Order, payloads: Payloads) {
  const { filter, replay } = useNavigation().route;
  const isLive = replay === null;
  const listing = useListing(filter, order, payloads, isLive);
  const publications = useFlock((state) => state.publications);
  const version = useSyncExternalStore(payloads.subscribe, payloads.version);
  const published = useRowsOf(publications);
  const isSearching = filter.text !== "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: a text is looked for in what has come in, too
  const rows = useMemo(() => {
    const all = boardRows(isLive ? listing.rows : [], published, order, !isLive || listing.isWhole);
    return all.filter((row) => takesRow(filter, row, () => payloads.textOf(row.id)));
  }, [listing.rows, listing.isWhole, published, filter, order, isLive, payloads, isSearching && version]);
  useEffect(() => {
    payloads.want(isSearching ? published.slice(-MAX_SEARCHED) : [], "searched");
  }, [payloads, isSearching, published]);
  return isLive ? { ...listing, rows } : { ...listing, rows, isWhole: true, isLoading: false, error: null };
}

/** Give a row for each publication, the same one each time. */
function useRowsOf(publications: readonly ArtifactPublished[]): readonly Row[] {
  const [known] = useState(() => new WeakMap<ArtifactPublished, Row>());
  return useMemo(
    () =>
      publications.map((event) => {
        const row = known.get(event) ?? rowOfPublication(event);
        known.set(event, row);
        return row;
      }),
    [publications, known],
  );
}

interface ToolbarProps {
  readonly count: number;
  readonly isWhole: boolean;
  readonly isLoading: boolean;
  readonly order: Order;
}

function Toolbar({ count, isWhole, isLoading, order }: ToolbarProps) {
  const { notifyError } = useActions();
  const { filter } = useNavigation().route;
  const [isWriting, setWriting] = useState(false);
  const save = async () => {
    setWriting(true);
    try {
      download("artifacts.ndjson", "application/x-ndjson", await writeList(listQuery(filter, order), filter));
    } catch (error) {
      notifyError(error);
    } finally {
      setWriting(false);
    }
  };
  return (
    <div className="flex items-center gap-2 border-b border-line bg-panel px-3 py-1.5">
      <h2 className="sr-only">Board</h2>
      <p className="mr-auto text-xs text-muted tabular-nums">
        {count.toLocaleString("en")}
        {isWhole ? "" : "+"} {count === 1 && isWhole ? "artifact" : "artifacts"}
        {isLoading && ", loading"}
      </p>
      <Button size="sm" variant="ghost" disabled={isWriting || count === 0} onClick={() => void save()}>
        <DownloadIcon aria-hidden />
        NDJSON
      </Button>
    </div>
  );
}

function Failure({ error }: { readonly error: unknown }) {
  const message = error instanceof Error ? error.message : "It did not work.";
  return (
    <p role="alert" className="border-b border-line bg-panel px-3 py-2 text-sm text-failed">
      The artifacts cannot be listed: {visible(message)}
    </p>
  );
}

function Empty() {
  const { filter, replay } = useNavigation().route;
  if (replay !== null) return <p className="p-4 text-sm text-muted">Nothing had been published yet.</p>;
  return (
    <p className="p-4 text-sm text-muted">
      {isFiltering(filter)
        ? "No artifact fits the filter."
        : "The board is empty: publish an artifact, and the agents that consume it start."}
    </p>
  );
}
