import { type ReactNode, useEffect, useRef, useState } from "react";
import { rowOfArtifact } from "@/core/board";
import { fileName } from "@/core/export";
import { NO_FILTER } from "@/core/route";
import { visible } from "@/core/text";
import type { ArtifactBody } from "@/protocol/api";
import { ApiError, api } from "@/transport/api";
import { Button } from "@/ui/button";
import { Cross2Icon } from "@/ui/icons";
import { Tree } from "@/ui/tree";
import { useActions } from "@/views/parts/actions";
import { useNavigation } from "@/views/parts/route";
import { download } from "@/views/parts/run_export";
import { useSession } from "@/views/parts/session";
import { LineageSections } from "./lineage_list";
import type { Payloads } from "./payloads";
import { wholeTime } from "./short_time";
import { Producer } from "./table";
import { useLoaded } from "./use_payload";

interface PanelProps {
  readonly id: string;
  readonly payloads: Payloads;
  readonly onClose: () => void;
  /** Whether it covers the table: then it takes the focus. */
  readonly isCovering: boolean;
}

/** One artifact: its payload, what is known of it, and its lineage. */
export function ArtifactPanel({ id, payloads, onClose, isCovering }: PanelProps) {
  const artifact = useLoaded(payloads, id);
  const error = useMissing(id, artifact, payloads);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isCovering) heading.current?.focus();
  }, [isCovering]);
  return (
    <aside
      aria-label="Artifact"
      className="absolute inset-0 z-20 flex min-h-0 flex-col border-line bg-panel md:static md:w-[clamp(22rem,38%,40rem)] md:shrink-0 md:border-l"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        onClose();
      }}
    >
      <header className="flex items-start gap-2 border-b border-line px-3 py-2">
        <div className="min-w-0 flex-1">
          <h2 ref={heading} tabIndex={-1} className="truncate text-base font-semibold outline-none">
            {artifact === undefined ? "Artifact" : visible(artifact.type)}
          </h2>
          <p className="truncate font-mono text-xs text-muted">{visible(id)}</p>
        </div>
        <Button variant="ghost" size="icon" aria-label="Close" onClick={onClose}>
          <Cross2Icon />
        </Button>
      </header>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled with the keyboard, too
        tabIndex={0}
        aria-label="Details"
        className="min-h-0 flex-1 overflow-auto px-3 py-3 outline-offset-[-2px]"
      >
        {artifact !== undefined ? (
          <Details key={id} artifact={artifact} />
        ) : (
          <p role="status" className="text-sm text-muted">
            {error === null ? "Loading" : `${visible(error.message)} ${visible(error.hint ?? "")}`}
          </p>
        )}
      </section>
    </aside>
  );
}

/** Load the artifact where it is not there; give why it cannot be. */
function useMissing(id: string, artifact: ArtifactBody | undefined, payloads: Payloads): ApiError | null {
  const [failed, setFailed] = useState<{ readonly id: string; readonly error: ApiError } | null>(null);
  const isMissing = artifact === undefined;
  useEffect(() => {
    if (!isMissing) return;
    let isCurrent = true;
    api.artifact(id).then(
      (found) => payloads.put([found]),
      (error: unknown) => isCurrent && error instanceof ApiError && setFailed({ id, error }),
    );
    return () => {
      isCurrent = false;
    };
  }, [id, isMissing, payloads]);
  return failed?.id === id ? failed.error : null;
}

function Details({ artifact }: { readonly artifact: ArtifactBody }) {
  const { notifyError } = useActions();
  const copy = (text: string) => navigator.clipboard.writeText(text).catch(notifyError);
  return (
    <div className="flex flex-col gap-4">
      <Deeds artifact={artifact} />
      <section aria-label="Payload">
        <h3 className="mb-1 text-xs font-semibold text-muted">Payload</h3>
        <Tree label="Payload" value={artifact.payload} onCopy={copy} />
      </section>
      <Facts artifact={artifact} />
      <LineageSections id={artifact.id} correlationId={artifact.correlation_id} />
    </div>
  );
}

function Deeds({ artifact }: { readonly artifact: ArtifactBody }) {
  const { publish, notify, notifyError } = useActions();
  const { may } = useSession();
  const { id, type, payload, tags } = artifact;
  const copy = () => json(id).then((text) => navigator.clipboard.writeText(text));
  const save = async () => download(fileName(type, id, "json"), "application/json", await json(id));
  return (
    <div className="flex flex-wrap gap-2">
      {may("publish") && (
        <Button size="sm" onClick={() => publish({ type, payload, tags })}>
          Publish another like it
        </Button>
      )}
      <Button
        size="sm"
        onClick={() => void copy().then(() => notify("The artifact is copied as JSON."), notifyError)}
      >
        Copy JSON
      </Button>
      <Button size="sm" onClick={() => void save().catch(notifyError)}>
        Download JSON
      </Button>
    </div>
  );
}

/** Give the artifact as the server writes it: reading and writing it here would change large numbers. */
async function json(id: string): Promise<string> {
  return `${await api.artifactText(id)}\n`;
}

function Facts({ artifact }: { readonly artifact: ArtifactBody }) {
  const { go } = useNavigation();
  const row = rowOfArtifact(artifact);
  const { kind } = artifact.visibility;
  const isFromAgent = row.runId !== null;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
      <Fact name="Producer">
        {isFromAgent ? (
          <Link
            onClick={() =>
              go({ view: "streams", run: null, filter: { ...NO_FILTER, agents: [row.producer] } })
            }
          >
            <Producer name={row.producer} />
          </Link>
        ) : (
          visible(row.producer)
        )}
      </Fact>
      {row.runId !== null && (
        <Fact name="Run">
          <Link isCode onClick={() => go({ view: "streams", run: row.runId })}>
            {visible(row.runId)}
          </Link>
        </Fact>
      )}
      <Fact name="Correlation">
        <Link isCode onClick={() => go({ filter: { ...NO_FILTER, correlations: [row.correlationId] } })}>
          {visible(row.correlationId)}
        </Link>
      </Fact>
      <Fact name="Time">{wholeTime(row.at)}</Fact>
      {row.tags.length > 0 && <Fact name="Tags">{visible(row.tags.join(", "))}</Fact>}
      {typeof kind === "string" && <Fact name="Visibility">{visible(kind)}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

interface LinkProps {
  readonly onClick: () => void;
  readonly isCode?: boolean;
  readonly children: ReactNode;
}

function Link({ onClick, isCode = false, children }: LinkProps) {
  return (
    <button
      type="button"
      className={`max-w-full text-left break-all text-accent hover:underline ${isCode ? "font-mono text-xs" : ""}`}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
