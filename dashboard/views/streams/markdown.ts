/** Markdown as blocks that grow: what is finished is read once, only the end is read again. */

import { lexer, type Token } from "marked";

/** A block and where its source begins; a finished one stays the same object. */
export interface Block {
  readonly at: number;
  readonly token: Token;
}

/** A block longer than this, or nested deeper than a reader could follow, is shown as it stands: reading it again and
 * again would cost more than it gives. */
const MAX_OPEN_CHARS = 12_000;
const DEEP =
  /(?:>[ \t]*){12}|(?:(?:[-*+]|\d{1,9}[.)])[ \t]+){12}|[[*_]{24}|(?:\*\*?\w{0,3}[ \t]?){60}|(?:\[[^\]\n]{0,8}){40}/;

/** Reads one text that only grows. */
export class Markdown {
  private known = "";
  private closed: readonly Block[] = [];
  private end = 0;
  private blocks: readonly Block[] = [];

  /** Give the blocks of a text; it reads on where the text begins with what it knows. */
  read(given: string): readonly Block[] {
    const text = given.replace(/\r\n?/g, "\n");
    if (text === this.known) return this.blocks;
    if (!text.startsWith(this.known)) this.forget();
    this.known = text;
    const open = text.slice(this.end);
    if (isTooMuch(open)) {
      this.blocks = [...this.closed, { at: this.end, token: plain(open) }];
      return this.blocks;
    }
    this.blocks = this.close(tokensOf(open));
    return this.blocks;
  }

  private forget(): void {
    this.closed = [];
    this.end = 0;
  }

  /** Everything before the last block is finished, once it is certain that this is a block of its own. */
  private close(tokens: readonly Token[]): readonly Block[] {
    const last = lastCertain(tokens);
    const blocks: Block[] = [];
    let at = this.end;
    for (const [index, token] of tokens.entries()) {
      if (index === last) {
        this.closed = [...this.closed, ...blocks];
        this.end = at;
        blocks.length = 0;
      }
      if (token.type !== "space") blocks.push({ at, token });
      at += token.raw.length;
    }
    return [...this.closed, ...blocks];
  }
}

/** Give the place of the last block, where nothing that follows could still make it a part of the one before: its first
 * line is complete, or a blank line divides it from a paragraph or a heading. Without it, -1. */
function lastCertain(tokens: readonly Token[]): number {
  const last = tokens.findLastIndex((token) => token.type !== "space");
  const [before, between] = [tokens[last - 2], tokens[last - 1]];
  const isDivided =
    between?.type === "heading" ||
    (between?.type === "space" && (before?.type === "paragraph" || before?.type === "heading"));
  return isDivided || tokens[last]?.raw.includes("\n") === true ? last : -1;
}

function isTooMuch(open: string): boolean {
  return open.length > MAX_OPEN_CHARS || DEEP.test(open);
}

function tokensOf(text: string): readonly Token[] {
  try {
    return lexer(text, { gfm: true });
  } catch {
    return [plain(text)];
  }
}

function plain(text: string): Token {
  return { type: "text", raw: text, text };
}
