/** The text of one field as it grows: appending costs the same however long it is, and so does reading what is new. */

import type { OutputType, TextKind } from "@/protocol/events";

/** After so many pieces a text is made one again: each piece costs an engine several times its length. */
const MAX_PIECES = 64;

/** Where a delta's text belongs within its run. `field` is a pointer (RFC 6901) without its leading slash. */
export interface Channel {
  readonly field: string | null;
  readonly outputType: OutputType;
  readonly kind: TextKind;
  readonly step: number;
  readonly artifactId: string | null;
}

/** The accumulated text of one channel in the current attempt; `key` tells it from the run's others. */
export interface FieldText extends Channel {
  readonly key: string;
  readonly text: string;
  /** The end of `text`, what came since it was last made one piece, and in how many pieces. */
  readonly tail: string;
  readonly pieces: number;
}

/** Within a run, artifact, field and step say where text belongs, and its type what it is. */
export function channelKey({ outputType, field, step, artifactId }: Channel): string {
  return `${outputType} ${step} ${artifactId ?? ""} ${field ?? ""}`;
}

/** Whether a field is that of a channel, told without making a key for each delta. */
export function isOf(field: FieldText, channel: Channel): boolean {
  return (
    field.field === channel.field &&
    field.outputType === channel.outputType &&
    field.step === channel.step &&
    field.artifactId === channel.artifactId
  );
}

export function fieldText(channel: Channel, text: string): FieldText {
  return { ...channel, key: channelKey(channel), text, tail: "", pieces: 0 };
}

/** Give the field with more text. */
export function grown(field: FieldText, more: string): FieldText {
  const pieces = field.pieces + 1;
  if (pieces < MAX_PIECES) return { ...field, text: field.text + more, tail: field.tail + more, pieces };
  return { ...field, text: [field.text, more].join(""), tail: "", pieces: 0 };
}

/** Give what a field's text has behind its first `shown` characters: cheaper than to cut it off the whole. */
export function textSince({ text, tail }: FieldText, shown: number): string {
  const settled = text.length - tail.length;
  return shown >= settled ? tail.slice(shown - settled) : text.slice(shown);
}
