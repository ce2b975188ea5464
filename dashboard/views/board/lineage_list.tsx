import type { Relative } from "@/core/lineage";
import { visible } from "@/core/text";
import { useNavigation } from "@/views/parts/route";
import { shortTime } from "./short_time";
import { Producer } from "./table";
import { useLineage } from "./use_lineage";

interface LineageProps {
  readonly id: string;
  readonly correlationId: string;
}

/** What the artifact was made from, and what was made from it, with the runs that did. */
export function LineageSections({ id, correlationId }: LineageProps) {
  const lineage = useLineage(id, correlationId);
  if (lineage === null) return <p className="text-sm text-muted">Loading its lineage</p>;
  const { up, down, isCut } = lineage;
  return (
    <>
      <Relatives title="Made from" relatives={up} empty="Nothing: it came from outside." />
      <Relatives title="Led to" relatives={down} empty="Nothing so far." />
      {isCut && <p className="text-xs text-muted">There is more than is listed here.</p>}
    </>
  );
}

interface RelativesProps {
  readonly title: string;
  readonly relatives: readonly Relative[];
  readonly empty: string;
}

function Relatives({ title, relatives, empty }: RelativesProps) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 text-xs font-semibold text-muted">{title}</h3>
      {relatives.length === 0 ? (
        <p className="text-sm text-muted">{empty}</p>
      ) : (
        <ul className="flex flex-col">
          {relatives.map((relative, index) => (
            <RelativeLine
              // biome-ignore lint/suspicious/noArrayIndexKey: an artifact may stand in several places
              key={`${relative.id} ${index}`}
              relative={relative}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

function RelativeLine({ relative }: { readonly relative: Relative }) {
  const { go } = useNavigation();
  const { id, row, depth, isRepeated } = relative;
  const run = row?.runId ?? null;
  return (
    <li
      className="flex flex-wrap items-baseline gap-x-2 border-l-2 border-line py-0.5 pl-2 text-sm"
      style={{ marginLeft: `${Math.min(depth, 8) * 0.9}rem` }}
    >
      <button
        type="button"
        className="min-w-0 truncate text-left font-medium text-accent hover:underline"
        onClick={() => go({ artifact: id })}
      >
        {row === null ? `${id.slice(0, 8)}, no longer there` : visible(row.type)}
      </button>
      {row !== null && (
        <span className="text-xs text-muted">
          <Producer name={row.producer} /> · {shortTime(row.at, Date.now() / 1000)}
        </span>
      )}
      {isRepeated && <span className="text-xs text-muted">see above</span>}
      {run !== null && (
        <button
          type="button"
          aria-label={`Open the run of ${visible(row?.producer ?? "")} that made it`}
          className="text-xs text-accent hover:underline"
          onClick={() => go({ view: "streams", run })}
        >
          run
        </button>
      )}
    </li>
  );
}
