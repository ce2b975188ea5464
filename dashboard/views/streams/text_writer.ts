/** Writes a growing text into the page by hand: only what is new is touched, only the last piece is laid out anew. */

import { cutBefore } from "@/core/cut";
import { type FieldText, textSince } from "@/core/field_text";
import { isFinished, type Run } from "@/core/run";
import { visible } from "@/core/text";

/** A piece ends at the first line end behind so many characters. */
const PIECE_CHARS = 1200;

/** A line that goes on for longer is divided at a blank, or wherever it is then: laying it out whole again and again
 * would stop the page. */
const MAX_PIECE_CHARS = 6000;

export class TextWriter {
  private readonly place: HTMLElement;
  /** How many of the last characters are shown; null for all. */
  private readonly tail: number | null;
  private shown = "";
  private attempt = 0;
  private node: Text | null = null;

  constructor(place: HTMLElement, tail: number | null) {
    this.place = place;
    this.tail = tail;
    place.replaceChildren();
  }

  write(field: FieldText, run: Run): void {
    const { text } = field;
    if (!this.grows(text, run)) this.clear();
    this.attempt = run.attempt;
    const more = textSince(field, this.shown.length);
    this.shown = text;
    if (more === "") return;
    if (this.tail === null) this.append(more);
    else this.appendToTail(more, text, this.tail);
  }

  /** Texts only grow while their run lives and no other attempt begins; comparing them each time would cost more than
   * showing them. */
  private grows(text: string, run: Run): boolean {
    if (text.length < this.shown.length || run.attempt !== this.attempt) return false;
    return !isFinished(run) || text.startsWith(this.shown);
  }

  private clear(): void {
    this.shown = "";
    this.node = null;
    this.place.replaceChildren();
  }

  private append(more: string): void {
    let rest = more;
    while (rest !== "") {
      const node = this.openNode();
      const room = Math.max(0, MAX_PIECE_CHARS - node.length);
      const end = rest.indexOf("\n", Math.max(0, PIECE_CHARS - node.length));
      if (end !== -1 && end <= room) {
        node.appendData(visible(rest.slice(0, end)));
        rest = rest.slice(end + 1);
        this.node = null;
        if (rest === "") this.openNode();
      } else if (rest.length <= room) {
        node.appendData(visible(rest));
        return;
      } else {
        const cut = cutBefore(rest, room);
        node.appendData(visible(rest.slice(0, cut)));
        rest = rest.slice(cut);
        this.node = null;
      }
    }
  }

  private appendToTail(more: string, text: string, tail: number): void {
    const node = this.openNode();
    if (node.length + more.length <= 2 * tail) node.appendData(visible(more));
    else {
      const end = text.slice(-tail);
      const space = end.search(/\s/);
      node.data = visible(text.length > tail ? `… ${end.slice(space + 1)}` : end);
    }
  }

  private openNode(): Text {
    if (this.node !== null) return this.node;
    const piece = document.createElement("div");
    piece.className = "text-piece";
    this.node = document.createTextNode("");
    piece.append(this.node);
    this.place.append(piece);
    return this.node;
  }
}
