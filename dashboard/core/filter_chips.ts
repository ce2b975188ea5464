/** A filter as what it is made of: each value can be put in and taken out by itself. */

import { type Filter, NO_FILTER, STATES } from "./route";

export type ChoiceKey = "agents" | "types" | "correlations" | "states";

export interface Chip {
  readonly key: ChoiceKey | "text";
  readonly value: string;
}

const CHOICES: readonly ChoiceKey[] = ["agents", "types", "correlations", "states"];

export function chipsOf(filter: Filter): Chip[] {
  const chips: Chip[] = CHOICES.flatMap((key) => filter[key].map((value) => ({ key, value })));
  return filter.text === "" ? chips : [...chips, { key: "text", value: filter.text }];
}

/** Give the filter with a value in if it was out, and out if it was in. */
export function withChoice(filter: Filter, key: ChoiceKey, value: string): Filter {
  if (key === "states")
    return {
      ...filter,
      states: STATES.filter((state) => filter.states.includes(state) !== (state === value)),
    };
  const others = filter[key].filter((known) => known !== value);
  return { ...filter, [key]: others.length < filter[key].length ? others : [...others, value] };
}

export function withoutChip(filter: Filter, { key, value }: Chip): Filter {
  return key === "text" ? { ...filter, text: NO_FILTER.text } : withChoice(filter, key, value);
}
