/** Numbers as somebody types them. */

/** Give the number a text stands for; the text itself where it is none, or one that would lose digits. */
export function typedNumber(text: string): number | string {
  const trimmed = text.trim();
  const number = Number(trimmed);
  if (trimmed === "" || !Number.isFinite(number)) return text;
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? trimmed : number;
}
