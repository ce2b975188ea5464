import { type FormEvent, useRef, useState } from "react";
import { inputsOf } from "@/core/entrances";
import { initialValue, type Shape, shapeOf } from "@/core/schema";
import { visible } from "@/core/text";
import type { AgentBody, TypeBody } from "@/protocol/api";
import type { Json } from "@/protocol/events";
import { api } from "@/transport/api";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { PayloadEditor } from "@/ui/form/payload_editor";
import { Select } from "@/ui/input";
import { Labelled } from "@/ui/labelled";
import { useCatalog } from "./catalog";
import { type Refusal, RefusalNote, readRefusal } from "./refusal";
import { useNavigation } from "./route";
import { sendWithKeys } from "./send_keys";

interface RunDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly agent?: string;
}

/** Run one agent on what is typed here; its run is opened at once. */
export function RunDialog({ isOpen, onClose, agent }: RunDialogProps) {
  return (
    <Dialog
      title="Run an agent"
      description="It works on this input, whatever is on the board."
      isOpen={isOpen}
      onClose={onClose}
    >
      <AgentForm first={agent ?? null} onClose={onClose} />
    </Dialog>
  );
}

function AgentForm({ first, onClose }: { readonly first: string | null; readonly onClose: () => void }) {
  const { agents } = useCatalog();
  const [chosen, setChosen] = useState(first);
  const name = chosen ?? agents[0]?.name ?? "";
  const agent = agents.find((known) => known.name === name);
  return (
    <div className="flex flex-col gap-3">
      <Labelled label="Agent" note={agent === undefined ? "" : visible(whatItDoes(agent))}>
        {(input) => (
          <Select {...input} autoFocus value={name} onChange={({ target }) => setChosen(target.value)}>
            {agent === undefined && <option value={name}>{visible(name)}</option>}
            {agents.map((known) => (
              <option key={known.name} value={known.name}>
                {visible(known.name)}
              </option>
            ))}
          </Select>
        )}
      </Labelled>
      {agent !== undefined && <InputsForm key={name} agent={agent} onClose={onClose} />}
    </div>
  );
}

function whatItDoes({ description, publishes }: AgentBody): string {
  const made = publishes.length > 0 ? `Publishes ${publishes.join(", ")}` : "Publishes nothing";
  return description === "" ? made : `${description.replace(/[.\s]+$/, "")}. ${made}`;
}

interface InputsFormProps {
  readonly agent: AgentBody;
  readonly onClose: () => void;
}

function InputsForm({ agent, onClose }: InputsFormProps) {
  const lists = inputsOf(agent);
  const [list, setList] = useState(0);
  const types = lists[list];
  if (types === undefined)
    return <p className="text-sm text-muted">It consumes nothing: there is no input to give.</p>;
  return (
    <>
      {lists.length > 1 && (
        <Labelled label="On">
          {(input) => (
            <Select {...input} value={list} onChange={({ target }) => setList(Number(target.value))}>
              {lists.map((names, index) => (
                <option key={names.join(" ")} value={index}>
                  {visible(names.join(" and "))}
                </option>
              ))}
            </Select>
          )}
        </Labelled>
      )}
      <PayloadsForm key={list} agent={agent} types={types} onClose={onClose} />
    </>
  );
}

interface PayloadsFormProps extends InputsFormProps {
  readonly types: readonly string[];
}

interface Input {
  readonly type: string;
  readonly shape: Shape | null;
  readonly value: Json;
}

function startOf(type: string, known: readonly TypeBody[]): Input {
  const schema = known.find(({ name }) => name === type)?.schema ?? null;
  const shape = schema === null ? null : shapeOf(schema);
  return { type, shape, value: (shape && initialValue(shape)) ?? {} };
}

function PayloadsForm({ agent, types, onClose }: PayloadsFormProps) {
  const known = useCatalog().types;
  const { go } = useNavigation();
  const [inputs, setInputs] = useState<readonly Input[]>(() => types.map((type) => startOf(type, known)));
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const run = await api.runAgent(
        agent.name,
        inputs.map(({ type, value }) => ({ type, payload: value })),
      );
      onClose();
      go({ view: "streams", run, replay: null, at: null });
    } catch (error) {
      setRefusal(readRefusal(error, inputs));
      setBusy(false);
    }
  };

  return (
    <form ref={form} onSubmit={send} onKeyDown={sendWithKeys} className="flex flex-col gap-3">
      <RefusalNote refusal={refusal} form={form} />
      {inputs.map((input, index) => (
        <section
          key={input.type}
          aria-label={visible(input.type)}
          className="rounded-md border border-line p-3"
        >
          <h3 className="-mb-5 font-semibold">{visible(input.type)}</h3>
          <PayloadEditor
            label={input.type}
            shape={input.shape}
            value={input.value}
            onChange={(value) => setInputs((before) => before.with(index, { ...input, value }))}
            messages={refusal?.at[index] ?? NO_MESSAGES}
          />
        </section>
      ))}
      <footer className="flex items-center justify-end gap-3 border-t border-line pt-3">
        <span className="hidden text-xs text-muted sm:block">Ctrl Enter</span>
        <Button type="submit" variant="solid" disabled={isBusy}>
          Run {visible(agent.name)}
        </Button>
      </footer>
    </form>
  );
}

const NO_MESSAGES = new Map<string, readonly string[]>();
