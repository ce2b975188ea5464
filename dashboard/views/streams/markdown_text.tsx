import type { Token, Tokens } from "marked";
import { Fragment, memo, type ReactNode, useMemo } from "react";
import { visible } from "@/core/text";
import { useFieldText } from "./feed_context";
import { type Block, Markdown } from "./markdown";

/** A field's text as markdown; blocks that are finished are not drawn again. */
export function MarkdownText({ fieldKey }: { readonly fieldKey: string }) {
  const text = useFieldText(fieldKey);
  const markdown = useMemo(() => ({ of: fieldKey, reader: new Markdown() }), [fieldKey]);
  return (
    <div dir="auto" className="markdown">
      {markdown.reader.read(text).map((block) => (
        <MarkdownBlock key={block.at} block={block} />
      ))}
    </div>
  );
}

const MarkdownBlock = memo(
  ({ block }: { readonly block: Block }) => blockOf(block.token),
  (one, other) => one.block === other.block || one.block.token.raw === other.block.token.raw,
);

/** What is known is drawn, everything else stays the text it is: no HTML, no images, no links that lead away. */
function blockOf(token: Token): ReactNode {
  switch (token.type) {
    case "paragraph":
      return <p>{inlinesOf(token)}</p>;
    case "heading":
      return (
        <p className="heading" data-depth={token.depth}>
          {inlinesOf(token)}
        </p>
      );
    case "code":
      return (
        <pre>
          <code>{visible(token.text)}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{blocksOf(token.tokens)}</blockquote>;
    case "list":
      return <List list={token as Tokens.List} />;
    case "table":
      return <Table table={token as Tokens.Table} />;
    case "hr":
      return <hr />;
    case "space":
    case "checkbox":
      return null;
    case "text":
      return <div className="whitespace-pre-wrap">{inlinesOf(token)}</div>;
    default:
      return <p className="whitespace-pre-wrap">{visible(token.raw)}</p>;
  }
}

function blocksOf(tokens: readonly Token[] | undefined): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: parts of a block have no other name than their place
  return tokens?.map((token, index) => <Fragment key={index}>{blockOf(token)}</Fragment>);
}

function List({ list }: { readonly list: Tokens.List }) {
  const items = list.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: an item has no other name than its place
    <li key={index}>
      {item.task && (item.checked ? "☑ " : "☐ ")}
      {blocksOf(item.tokens)}
    </li>
  ));
  return list.ordered ? <ol start={list.start === "" ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { readonly table: Tokens.Table }) {
  return (
    <div className="overflow-x-auto">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell has no other name than its place
              <th key={index}>{inlinesOf(cell)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name than its place
            <tr key={index}>
              {row.map((cell, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell has no other name than its place
                <td key={place}>{inlinesOf(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface WithInlines {
  readonly raw?: string;
  readonly text?: string;
  readonly tokens?: readonly Token[] | undefined;
}

function inlinesOf({ tokens, text, raw }: WithInlines): ReactNode {
  if (tokens === undefined) return visible(text ?? raw ?? "");
  // biome-ignore lint/suspicious/noArrayIndexKey: parts of a line have no other name than their place
  return tokens.map((token, index) => <Fragment key={index}>{inlineOf(token)}</Fragment>);
}

function inlineOf(token: Token): ReactNode {
  switch (token.type) {
    case "text":
    case "escape":
      return "tokens" in token && token.tokens !== undefined ? inlinesOf(token) : visible(token.text);
    case "strong":
      return <strong>{inlinesOf(token)}</strong>;
    case "em":
      return <em>{inlinesOf(token)}</em>;
    case "del":
      return <del>{inlinesOf(token)}</del>;
    case "codespan":
      return <code>{visible(token.text)}</code>;
    case "br":
      return <br />;
    case "link":
      return <Address label={inlinesOf(token)} text={token.text} href={token.href} />;
    case "image":
      return <Address label={visible(token.text)} text={token.text} href={token.href} />;
    default:
      return visible(token.raw);
  }
}

/** Where something points to is said, and cannot be followed by accident: whoever wrote it is not to be trusted. */
function Address({
  label,
  text,
  href,
}: {
  readonly label: ReactNode;
  readonly text: string;
  readonly href: string;
}) {
  return (
    <>
      {label}
      {href !== "" && href !== text && <span className="address"> ({visible(href)})</span>}
    </>
  );
}
