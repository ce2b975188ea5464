/** Why the page is not connected, and why something was missed, in plain words. */

import type { Gap } from "@/protocol/events";
import { clockTime } from "./time_axis";

export interface Words {
  readonly what: string;
  /** What happens now, or what to do. */
  readonly next: string;
}

const RELOAD = "Reload the page; if that does not help, the server and this page are of different versions.";

/** By close code: those after which the page does not come back by itself. */
export const REFUSALS: Readonly<Record<number, Words>> = {
  1002: { what: "The server did not understand the connection.", next: RELOAD },
  4400: { what: "The server did not understand what this page asked for.", next: RELOAD },
  4401: { what: "This browser is not signed in.", next: "Sign in to watch." },
  4403: {
    what: "The server refuses this address.",
    next: "Open the page by the address the server printed, or add this host and origin to what it allows.",
  },
  4406: { what: "This token may not watch.", next: "Sign in with one whose scopes include “read”." },
  4413: { what: "The server refused a message as too large.", next: RELOAD },
};

/** By the name of a close after which the page does come back, or its like. */
const LOSSES: Readonly<Record<string, string>> = {
  "going away": "the server is shutting down, or being started anew",
  "internal error": "something went wrong in the server; its log says what",
  stalled: "this page did not keep up for a while",
  "too many viewers": "the server has as many viewers as it takes",
};

export function refusalWords(code: number, reason: string): Words {
  return (
    REFUSALS[code] ?? { what: `The server ended the connection: ${reason || `code ${code}`}.`, next: RELOAD }
  );
}

/** Give why a connection was lost, as part of a sentence. */
export function lossWords(reason: string): string {
  return LOSSES[reason] ?? reason;
}

const GAPS: Readonly<Record<Gap["reason"], string>> = {
  too_old: "The journal no longer reached back to where this page was",
  other_epoch: "The server was started anew, with an empty journal",
  ahead: "This page was ahead of the journal",
};

/** Give what a gap means for what is shown. */
export function gapWords(gap: Gap): Words {
  return {
    what: `Gap: ${GAPS[gap.reason]}.`,
    next: `What is shown is whole again as of ${clockTime(gap.timestamp, 1)}.`,
  };
}
