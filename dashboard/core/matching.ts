/** Finding names among many: what begins with the query first, then a word that does, then what has it; where there is
 * none of these, what has its letters in their order. */

/** Give how well a name matches, 0 best, null where it does not. */
export function matchRank(query: string, name: string): number | null {
  const wanted = query.trim().toLowerCase();
  const text = name.toLowerCase();
  if (wanted === "" || text.startsWith(wanted)) return 0;
  const place = text.indexOf(wanted);
  if (place > 0) return /[\p{L}\p{N}]/u.test(text[place - 1] ?? "") ? 2 : 1;
  return hasLetters(wanted, text) ? LETTERS_ALONE : null;
}

function hasLetters(wanted: string, text: string): boolean {
  let at = 0;
  for (const letter of wanted.replaceAll(/\s+/g, "")) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

const LETTERS_ALONE = 3;

export interface Found<T> {
  readonly items: readonly T[];
  /** How many more there are. */
  readonly more: number;
}

/** Give the best matches, in their own order where they are equally good; in details the query has to stand as it is. */
export function bestMatches<T>(
  items: readonly T[],
  query: string,
  nameOf: (item: T) => string,
  limit: number,
  detailOf: (item: T) => string = () => "",
): Found<T> {
  const all = items.flatMap((item) => {
    const rank = matchRank(query, nameOf(item));
    if (rank !== null && rank < LETTERS_ALONE) return [{ item, rank }];
    if (detailOf(item).toLowerCase().includes(query.trim().toLowerCase())) return [{ item, rank: 2 }];
    return rank === null ? [] : [{ item, rank }];
  });
  const good = all.filter(({ rank }) => rank < LETTERS_ALONE);
  const ranked = good.length > 0 ? good.sort((one, other) => one.rank - other.rank) : all;
  return { items: ranked.slice(0, limit).map(({ item }) => item), more: Math.max(0, ranked.length - limit) };
}
