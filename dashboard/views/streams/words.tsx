import { useEffect, useRef } from "react";
import { runOf } from "@/core/state";
import { visible } from "@/core/text";
import { useRun, useStore } from "@/store";

/** The text of one field, written as it grows without asking React. */
export function Words({ runId, fieldKey }: { readonly runId: string; readonly fieldKey: string }) {
  const store = useStore();
  const paragraph = useRef<HTMLParagraphElement>(null);
  const label = useRun(runId, (run) => run.fields.find((field) => field.key === fieldKey)?.field ?? "");
  useEffect(() => {
    const node = document.createTextNode("");
    paragraph.current?.replaceChildren(node);
    let shown = "";
    const write = () => {
      const text = runOf(store.state(), runId)?.fields.find((field) => field.key === fieldKey)?.text ?? "";
      if (text.startsWith(shown)) node.appendData(visible(text.slice(shown.length)));
      else node.data = visible(text);
      shown = text;
    };
    write();
    return store.subscribeRun(runId, write);
  }, [store, runId, fieldKey]);
  return (
    <section className="mb-2">
      <h3 className="text-xs text-muted">{visible(label ?? "")}</h3>
      <p ref={paragraph} dir="auto" className="break-words whitespace-pre-wrap" />
    </section>
  );
}
