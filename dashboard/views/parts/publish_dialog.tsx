import { type FormEvent, useRef, useState } from "react";
import { consumersOf, typesToPublish } from "@/core/entrances";
import type { Prefill } from "@/core/prefill";
import { NO_FILTER } from "@/core/route";
import { initialValue, shapeOf } from "@/core/schema";
import { visible } from "@/core/text";
import type { ArtifactBody, TypeBody } from "@/protocol/api";
import type { Json } from "@/protocol/events";
import { api } from "@/transport/api";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { PayloadEditor } from "@/ui/form/payload_editor";
import { CheckCircledIcon } from "@/ui/icons";
import { Input, Select } from "@/ui/input";
import { Labelled } from "@/ui/labelled";
import { useCatalog } from "./catalog";
import { type Refusal, RefusalNote, readRefusal } from "./refusal";
import { useNavigation } from "./route";
import { sendWithKeys } from "./send_keys";

interface PublishDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly prefill?: Prefill;
}

/** Put an artifact on the board by hand. */
export function PublishDialog({ isOpen, onClose, prefill = {} }: PublishDialogProps) {
  const [published, setPublished] = useState<ArtifactBody | null>(null);
  const close = () => {
    setPublished(null);
    onClose();
  };
  return (
    <Dialog
      title={published === null ? "Publish an artifact" : "Published"}
      isOpen={isOpen}
      onClose={close}
      {...(published === null ? { description: "The agents that consume it start at once." } : {})}
    >
      {published === null ? (
        <PublishForm prefill={prefill} onPublished={setPublished} />
      ) : (
        <Published artifact={published} onAgain={() => setPublished(null)} onClose={close} />
      )}
    </Dialog>
  );
}

interface PublishFormProps {
  readonly prefill: Prefill;
  readonly onPublished: (artifact: ArtifactBody) => void;
}

function PublishForm({ prefill, onPublished }: PublishFormProps) {
  const { agents, types } = useCatalog();
  const offered = typesToPublish(types, agents);
  const [chosen, setChosen] = useState(prefill.type ?? null);
  const type = chosen ?? offered[0]?.name ?? "";
  const [edited, setEdited] = useState<{ readonly type: string; readonly value: Json } | null>(
    prefill.type !== undefined && prefill.payload !== undefined
      ? { type: prefill.type, value: prefill.payload }
      : null,
  );
  const [correlation, setCorrelation] = useState(prefill.correlationId ?? "");
  const [tags, setTags] = useState(prefill.tags?.join(", ") ?? "");
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const known = types.find(({ name }) => name === type);
  const shape = known?.schema ? shapeOf(known.schema) : null;
  const value = edited?.type === type ? edited.value : startOf(known);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      onPublished(await api.publish({ type, payload: value, ...extras(correlation, tags) }));
    } catch (error) {
      setRefusal(readRefusal(error, [{ type, shape, value }]));
      setBusy(false);
    }
  };

  return (
    <form ref={form} onSubmit={send} onKeyDown={sendWithKeys} className="flex flex-col gap-3">
      <RefusalNote refusal={refusal} form={form} />
      <Labelled label="Type" note={visible(whomItStarts(consumersOf(agents, type)))}>
        {(input) => (
          <Select
            {...input}
            autoFocus
            value={type}
            onChange={({ target }) => {
              setChosen(target.value);
              setRefusal(null);
            }}
          >
            {known === undefined && <option value={type}>{visible(type)}</option>}
            {offered.map(({ name }) => (
              <option key={name} value={name}>
                {visible(name)}
              </option>
            ))}
          </Select>
        )}
      </Labelled>
      <PayloadEditor
        key={type}
        label={type}
        shape={shape}
        value={value}
        onChange={(next) => setEdited({ type, value: next })}
        messages={refusal?.at[0] ?? NO_MESSAGES}
      />
      <details open={correlation !== "" || tags !== ""}>
        <summary className="cursor-pointer text-sm text-muted">Correlation and tags</summary>
        <div className="mt-2 flex flex-col gap-3">
          <Labelled label="Correlation">
            {(input) => (
              <Input
                {...input}
                value={correlation}
                placeholder="a new one"
                className="font-mono text-xs"
                onChange={({ target }) => setCorrelation(target.value)}
              />
            )}
          </Labelled>
          <Labelled label="Tags">
            {(input) => (
              <Input
                {...input}
                value={tags}
                placeholder="divided by commas"
                onChange={({ target }) => setTags(target.value)}
              />
            )}
          </Labelled>
        </div>
      </details>
      <footer className="flex items-center justify-end gap-3 border-t border-line pt-3">
        <span className="hidden text-xs text-muted sm:block">Ctrl Enter</span>
        <Button type="submit" variant="solid" disabled={isBusy || type === ""}>
          Publish
        </Button>
      </footer>
    </form>
  );
}

const NO_MESSAGES = new Map<string, readonly string[]>();

function startOf(type: TypeBody | undefined): Json {
  return (type?.schema && initialValue(shapeOf(type.schema))) ?? {};
}

function whomItStarts(agents: readonly string[]): string {
  if (agents.length === 0) return "No agent consumes it.";
  const shown = agents.slice(0, 8).join(", ");
  return `Starts ${shown}${agents.length > 8 ? ` and ${agents.length - 8} more` : ""}`;
}

function extras(correlation: string, tags: string): { correlation_id?: string; tags?: readonly string[] } {
  const named = tags.split(",").map((tag) => tag.trim());
  const list = named.filter((tag) => tag !== "");
  return {
    ...(correlation.trim() === "" ? {} : { correlation_id: correlation.trim() }),
    ...(list.length === 0 ? {} : { tags: list }),
  };
}

interface PublishedProps {
  readonly artifact: ArtifactBody;
  readonly onAgain: () => void;
  readonly onClose: () => void;
}

function Published({ artifact, onAgain, onClose }: PublishedProps) {
  const { go } = useNavigation();
  const watch = () => {
    onClose();
    const filter = { ...NO_FILTER, correlations: [artifact.correlation_id] };
    go({ view: "streams", filter, run: null, artifact: null, replay: null, at: null });
  };
  const open = () => {
    onClose();
    go({ view: "board", artifact: artifact.id });
  };
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="flex items-center gap-2">
        <CheckCircledIcon aria-hidden className="shrink-0 text-done" />
        <span className="min-w-0 break-words">
          {visible(artifact.type)} <span className="font-mono text-xs text-muted">{artifact.id}</span> is on
          the board.
        </span>
      </p>
      <footer className="flex flex-wrap justify-end gap-2 border-t border-line pt-3">
        <Button onClick={onAgain}>Publish another</Button>
        <Button onClick={open}>Open the artifact</Button>
        <Button variant="solid" onClick={watch} autoFocus>
          Watch its runs
        </Button>
      </footer>
    </div>
  );
}
