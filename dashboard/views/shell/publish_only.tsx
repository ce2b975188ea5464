import { type FormEvent, useId, useState } from "react";
import { ApiError, api } from "@/transport/api";
import { Button } from "@/ui/button";
import { Input, TextArea } from "@/ui/input";
import { useActions } from "@/views/parts/actions";

/** For a token that may publish but neither watch nor list types: its holder has to know what to publish. */
export function PublishOnly() {
  const { notify } = useActions();
  const [error, setError] = useState<string | null>(null);
  const id = useId();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    try {
      const artifact = await api.publish({
        type: text(form, "type"),
        payload: JSON.parse(text(form, "payload")),
      });
      setError(null);
      notify(`Published as ${artifact.id}.`);
    } catch (reason) {
      setError(problemText(reason));
    }
  };
  return (
    <form onSubmit={submit} className="mx-auto mt-[6vh] flex max-w-xl flex-col gap-2 p-4">
      <h2 className="text-lg font-semibold">Publish an artifact</h2>
      <p className="text-muted">
        This token may publish, and may not watch: what becomes of it is not shown here.
      </p>
      <label htmlFor={`${id}-type`} className="mt-2 font-medium">
        Type
      </label>
      <Input id={`${id}-type`} name="type" required spellCheck={false} />
      <label htmlFor={`${id}-payload`} className="mt-2 font-medium">
        Payload, as JSON
      </label>
      <TextArea
        id={`${id}-payload`}
        name="payload"
        required
        rows={10}
        spellCheck={false}
        defaultValue="{}"
        className="font-mono"
        aria-invalid={error !== null}
        aria-describedby={`${id}-error`}
      />
      <p
        id={`${id}-error`}
        role="alert"
        className="text-sm break-words whitespace-pre-wrap text-failed empty:hidden"
      >
        {error}
      </p>
      <Button type="submit" variant="solid" className="self-start">
        Publish
      </Button>
    </form>
  );
}

function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

function problemText(reason: unknown): string {
  if (reason instanceof SyntaxError) return `The payload is not JSON: ${reason.message}`;
  if (!(reason instanceof ApiError)) return String(reason);
  return reason.hint === null ? reason.message : `${reason.message}\n${reason.hint}`;
}
