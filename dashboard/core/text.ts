/** How text from outside is shown: nothing in it changes the order of what stands around it. */

const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Give text with its bidirectional controls written out: they would show it in another order. */
export function visible(text: string): string {
  return text.replace(
    BIDI_CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
