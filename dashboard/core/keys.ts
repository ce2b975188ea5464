/** Keys that do something anywhere on the page: which of them are ours, and what each does. */

/** One line of the sheet that lists the keys; a view's own are the `KEYS` of its `keys.ts`. */
export interface KeyHelp {
  /** As `KeyboardEvent.key` gives them; each of them does it. */
  readonly keys: readonly string[];
  readonly does: string;
}

/** The part of a `KeyboardEvent` that decides. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly defaultPrevented: boolean;
  readonly isComposing: boolean;
}

/** Give the key that was pressed, null where it is somebody else's: the browser's, or a text's that is written. */
export function keyOf(pressed: Pressed, place: { readonly isTaken: boolean }): string | null {
  const isOthers = pressed.ctrlKey || pressed.metaKey || pressed.altKey;
  if (isOthers || pressed.defaultPrevented || pressed.isComposing || place.isTaken) return null;
  return pressed.key;
}

/** Tell whether this opens the palette: Ctrl+K, or Cmd+K, in a field as well. */
export function isPaletteKey(pressed: Pressed): boolean {
  const { ctrlKey, metaKey, altKey, key } = pressed;
  return (ctrlKey || metaKey) && !altKey && key.toLowerCase() === "k";
}
