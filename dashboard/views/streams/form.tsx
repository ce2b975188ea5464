import { useCallback, useSyncExternalStore } from "react";
import type { PaneSize } from "@/core/grid";
import type { Group, Leaf, Part } from "@/core/partial";
import { containerOf } from "@/core/partial";
import { visible } from "@/core/text";
import { textShapeOf } from "@/core/text_kind";
import { cn } from "@/ui/classes";
import type { TextMode } from "@/views/parts/settings";
import { useFeed, useFieldText, useIsLong } from "./feed_context";
import { JsonValue } from "./json_value";
import { MarkdownText } from "./markdown_text";
import { Words } from "./words";

/** How the texts of a pane are shown. */
export interface Look {
  readonly size: PaneSize;
  /** `auto`: as the text wants to be shown. */
  readonly mode: TextMode;
  readonly tail: number | null;
}

/** A typed output as it grows: each field with its name, nested ones inside of what holds them. */
export function Form({ parts, look }: { readonly parts: readonly Part[]; readonly look: Look }) {
  return (
    <div className="form" data-size={look.size}>
      {parts.map((part) =>
        part.kind === "leaf" ? (
          <LeafField key={part.key} leaf={part} look={look} />
        ) : (
          <GroupField key={part.pointer} group={part} look={look} />
        ),
      )}
    </div>
  );
}

function LeafField({ leaf, look }: { readonly leaf: Leaf; readonly look: Look }) {
  return (
    <div className={cn("field", !leaf.isText && "field-inline")}>
      <FieldName name={leaf.label} />
      <Value leaf={leaf} look={look} />
    </div>
  );
}

function FieldName({ name }: { readonly name: string }) {
  return name === "" ? null : <div className="field-name">{visible(name)}</div>;
}

function Value({ leaf, look }: { readonly leaf: Leaf; readonly look: Look }) {
  if (!leaf.isText) return <JsonText fieldKey={leaf.key} look={look} />;
  if (look.mode === "plain") return <Words fieldKey={leaf.key} tail={look.tail} />;
  return look.mode === "markdown" ? <MarkdownText fieldKey={leaf.key} /> : <ShapedText fieldKey={leaf.key} />;
}

function ShapedText({ fieldKey }: { readonly fieldKey: string }) {
  const feed = useFeed();
  const subscribe = useCallback((listener: () => void) => feed.watch(fieldKey, listener), [feed, fieldKey]);
  const shape = useSyncExternalStore(subscribe, () => textShapeOf(feed.field(fieldKey)?.text ?? ""));
  if (shape === "markdown") return <MarkdownText fieldKey={fieldKey} />;
  return <Words fieldKey={fieldKey} {...(shape === "code" && { className: "code-text" })} />;
}

/** A longer value stays as it stands: it would be read anew in each beat, and make more elements than anybody reads. */
const MAX_JSON_CHARS = 8000;

/** A value that is no text: as it stands, until it is a whole object or list. */
function JsonText({ fieldKey, look }: { readonly fieldKey: string; readonly look: Look }) {
  const isLong = useIsLong(fieldKey, MAX_JSON_CHARS);
  return isLong ? <Words fieldKey={fieldKey} tail={look.tail} /> : <ShortJson fieldKey={fieldKey} />;
}

function ShortJson({ fieldKey }: { readonly fieldKey: string }) {
  const text = useFieldText(fieldKey);
  const value = containerOf(text);
  return value === undefined ? (
    <div className="min-w-0 break-words whitespace-pre-wrap tabular-nums">{visible(text)}</div>
  ) : (
    <JsonValue value={value} />
  );
}

function GroupField({ group, look }: { readonly group: Group; readonly look: Look }) {
  return (
    <div className="field">
      <FieldName name={group.label} />
      {group.isList ? <Items group={group} look={look} /> : <Nested parts={group.parts} look={look} />}
    </div>
  );
}

function Nested({ parts, look }: { readonly parts: readonly Part[]; readonly look: Look }) {
  return (
    <div className="nested">
      <Form parts={parts} look={look} />
    </div>
  );
}

/** Entries of a list under their numbers, counted from 1 as people do. */
function Items({ group, look }: { readonly group: Group; readonly look: Look }) {
  return (
    <ul className="items">
      {group.parts.map((part) => (
        <li key={part.kind === "leaf" ? part.key : part.pointer}>
          <span className="item-number">{Number(part.label) + 1}</span>
          <div className="min-w-0 flex-1">
            {part.kind === "leaf" ? (
              <Value leaf={part} look={look} />
            ) : part.isList ? (
              <Items group={part} look={look} />
            ) : (
              <Form parts={part.parts} look={look} />
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
