/** What the page tells for a moment: the latest last, few at a time, errors until they are dismissed. */

/** How many are shown at once; the oldest give way. */
export const MAX_NOTICES = 4;

export type Tone = "info" | "error";

export interface Notice {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
  /** What to do about it, in the server's words. */
  readonly hint: string | null;
  /** Something to go on with. */
  readonly action: { readonly label: string; readonly onSelect: () => void } | null;
}

/** Give the notices with one more; the same words take the place of their earlier telling. */
export function withNotice(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  const others = notices.filter(({ tone, text }) => tone !== notice.tone || text !== notice.text);
  return [...others, notice].slice(-MAX_NOTICES);
}

export function withoutNotice(notices: readonly Notice[], id: number): readonly Notice[] {
  return notices.filter((notice) => notice.id !== id);
}
