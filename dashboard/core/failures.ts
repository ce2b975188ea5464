/** What an error on the page means for the one who sees it. */

/** As browsers say that a part of the page could not be loaded: after an update the old parts are gone. */
const NOT_LOADED = [
  "dynamically imported module",
  "importing a module script failed",
  "unable to preload",
  "error loading dynamically imported module",
];

/** Tell whether a part of the page could not be loaded, which only loading the page anew can cure. */
export function isStalePage(error: unknown): boolean {
  const message = error instanceof Error ? error.message.toLowerCase() : "";
  return NOT_LOADED.some((words) => message.includes(words));
}

/** Give an error as text to hand on. */
export function failureText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
}
