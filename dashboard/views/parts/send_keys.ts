/** Keys that dialogs share. */

import type { KeyboardEvent } from "react";

/** Send a form with Ctrl Enter, or Command Enter: Enter alone is a line in a text. */
export function sendWithKeys(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}
