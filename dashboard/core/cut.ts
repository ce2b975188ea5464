/** Where a text that is too long is divided. */

const BLANKS = /[ \t\n]/;

/** So far back a blank is looked for. */
const LOOKED_BACK = 200;

/** Give a place to divide a text at, `limit` at most: behind a blank if there is one near, never inside a character. */
export function cutBefore(text: string, limit: number): number {
  for (let place = limit; place > Math.max(0, limit - LOOKED_BACK); place -= 1) {
    if (BLANKS.test(text.charAt(place - 1))) return place;
  }
  return isLowSurrogate(text.charCodeAt(limit)) ? limit - 1 : limit;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
