import { visible } from "@/core/text";

/** Deeper than this a value is shown as JSON. */
const MAX_DEPTH = 6;

/** A whole JSON value in the shape of the form it belongs to. */
export function JsonValue({ value, depth = 0 }: { readonly value: unknown; readonly depth?: number }) {
  if (typeof value !== "object" || value === null || depth >= MAX_DEPTH) return <Plain value={value} />;
  if (Array.isArray(value)) return <JsonList items={value} depth={depth} />;
  const entries = Object.entries(value);
  if (entries.length === 0) return <Plain value={value} />;
  return (
    <div className="form min-w-0">
      {entries.map(([name, inner]) => (
        <div key={name} className={typeof inner === "string" ? "field" : "field field-inline"}>
          <div className="field-name">{visible(name)}</div>
          <JsonValue value={inner} depth={depth + 1} />
        </div>
      ))}
    </div>
  );
}

function JsonList({ items, depth }: { readonly items: readonly unknown[]; readonly depth: number }) {
  if (items.length === 0) return <Plain value={items} />;
  return (
    <ul className="items">
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an item has no other name than its place
        <li key={index}>
          <span className="item-number">{index + 1}</span>
          <div className="min-w-0 flex-1">
            <JsonValue value={item} depth={depth + 1} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function Plain({ value }: { readonly value: unknown }) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return <div className="min-w-0 break-words whitespace-pre-wrap tabular-nums">{visible(text ?? "")}</div>;
}
