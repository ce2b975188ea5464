/** Who may do what: the scopes of a token, and what each deed needs. The server decides; the page does not offer in vain. */

import type { Scope } from "@/protocol/events";

export type Deed = "watch" | "publish" | "run" | "cancel" | "retry";

const NEEDED: Record<Deed, readonly Scope[]> = {
  watch: ["read"],
  publish: ["publish"],
  run: ["publish", "read"],
  cancel: ["admin"],
  retry: ["admin"],
};

/** Tell whether somebody with these scopes may do it; while the scopes are not known, the server is to say. */
export function mayDo(scopes: readonly Scope[] | null, deed: Deed): boolean {
  return scopes === null || NEEDED[deed].every((scope) => scopes.includes(scope));
}
