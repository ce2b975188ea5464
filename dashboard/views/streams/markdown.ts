/** Markdown as blocks that grow: what is finished is read once, only the end is read again. */

import { lexer, type Token } from "marked";
import { cutBefore } from "@/core/cut";

/** A block and where its source begins; a finished one stays the same object. */
export interface Block {
  readonly at: number;
  readonly token: Token;
}

/** A block longer than this, or nested deeper than a reader could follow, is shown as it stands, and so is what comes
 * behind so many blocks: reading and drawing it again and again would cost more than it gives. */
const MAX_OPEN_CHARS = 12_000;
const MAX_BLOCKS = 2000;

/** What is shown as it stands is divided into pieces of at most so many characters. */
const MAX_PLAIN_CHARS = 6000;
const DEEP =
  /(?:>[ \t]*){12}|(?:(?:[-*+]|\d{1,9}[.)])[ \t]+){12}|[[*_]{24}|(?:\*\*?\w{0,3}[ \t]?){60}|(?:\[[^\]\n]{0,8}){40}/;

/** Reads one text that only grows. */
export class Markdown {
  private known = "";
  private closed: readonly Block[] = [];
  private end = 0;
  private isPlain = false;
  private blocks: readonly Block[] = [];

  /** Give the blocks of a text; it reads on where the text begins with what it knows. */
  read(given: string): readonly Block[] {
    const text = given.replace(/\r\n?/g, "\n");
    if (text === this.known) return this.blocks;
    if (!text.startsWith(this.known)) this.forget();
    this.known = text;
    this.blocks = this.readOn(text) ?? this.closePlain(text.slice(this.end));
    return this.blocks;
  }

  /** Read in steps, as if the text grew, so that it does not matter in which pieces it came; null for too much. */
  private readOn(text: string): readonly Block[] | null {
    while (!this.isPlain) {
      const begin = this.end;
      const open = text.slice(begin, begin + MAX_OPEN_CHARS);
      this.isPlain = DEEP.test(open) || this.closed.length > MAX_BLOCKS;
      if (this.isPlain) break;
      const blocks = this.close(tokensOf(open));
      if (begin + open.length === text.length) return blocks;
      this.isPlain = this.end === begin;
    }
    return null;
  }

  /** What was too much once goes on as it stands, in pieces: only the last one is drawn again. */
  private closePlain(open: string): readonly Block[] {
    let rest = open;
    const pieces: Block[] = [];
    while (rest.length > MAX_PLAIN_CHARS) {
      const line = rest.lastIndexOf("\n", MAX_PLAIN_CHARS - 1) + 1;
      const cut = line > 0 ? line : cutBefore(rest, MAX_PLAIN_CHARS);
      pieces.push({ at: this.end, token: plain(rest.slice(0, cut)) });
      this.end += cut;
      rest = rest.slice(cut);
    }
    if (pieces.length > 0) this.closed = [...this.closed, ...pieces];
    return rest === "" ? this.closed : [...this.closed, { at: this.end, token: plain(rest) }];
  }

  private forget(): void {
    this.closed = [];
    this.end = 0;
    this.isPlain = false;
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

/** Give the place of the last block that nothing that follows could still make a part of the one before: its first line
 * is complete, as that of each but the last one is, or a blank line divides it from a paragraph or a heading. */
function lastCertain(tokens: readonly Token[]): number {
  const last = tokens.findLastIndex(isBlock);
  const [before, between] = [tokens[last - 2], tokens[last - 1]];
  const isDivided =
    between?.type === "heading" ||
    (between?.type === "space" && (before?.type === "paragraph" || before?.type === "heading"));
  if (isDivided || tokens[last]?.raw.includes("\n") === true) return last;
  return tokens.findLastIndex((token, place) => place < last && isBlock(token));
}

function isBlock({ type }: Token): boolean {
  return type !== "space";
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
