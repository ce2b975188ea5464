import type { ReactNode, RefObject } from "react";
import { type Chip, type ChoiceKey, chipsOf, withChoice, withoutChip } from "@/core/filter_chips";
import { knownAgents, knownCorrelations, knownTypes } from "@/core/known";
import { NO_FILTER, STATES } from "@/core/route";
import { visible } from "@/core/text";
import { clockTime } from "@/core/time_axis";
import { useStore } from "@/store";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { Cross2Icon } from "@/ui/icons";
import { StateBadge, stateWord } from "@/ui/state_badge";
import { useCatalog } from "@/views/parts/catalog";
import { useNavigation } from "@/views/parts/route";
import { type Choice, FilterMenu } from "./filter_menu";
import { FilterText } from "./filter_text";

const MENUS: readonly {
  readonly key: ChoiceKey;
  readonly label: string;
  readonly useChoices: () => readonly Choice[];
}[] = [
  { key: "agents", label: "Agents", useChoices: useAgents },
  { key: "types", label: "Types", useChoices: useTypes },
  { key: "correlations", label: "Correlations", useChoices: useCorrelations },
  { key: "states", label: "States", useChoices: () => STATE_CHOICES },
];

const STATE_CHOICES: readonly Choice[] = STATES.map((state) => ({
  value: state,
  name: stateWord(state),
  mark: <StateBadge state={state} />,
}));

interface FilterBarProps {
  readonly isOpen: boolean;
  readonly inputRef: RefObject<HTMLInputElement | null>;
  /** Tools of the view that is open: at the end of the row, or in one of their own where there is no room. */
  readonly children?: ReactNode;
}

/** Which runs are shown; on a narrow window only when it is asked for. */
export function FilterBar({ isOpen, inputRef, children }: FilterBarProps) {
  const { route, go } = useNavigation();
  const { filter } = route;
  const chips = chipsOf(filter);
  const isFilterShown = isOpen || chips.length > 0;
  return (
    <div
      className={cn(
        "flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line bg-panel px-3 py-1.5 sm:flex",
        isFilterShown || children ? "flex" : "hidden",
      )}
    >
      <search
        id="filter"
        aria-label="Runs"
        className={cn("flex-wrap items-center gap-1.5 sm:flex", isFilterShown ? "flex" : "hidden")}
      >
        <div className={cn("flex-wrap items-center gap-1.5 sm:flex", isOpen ? "flex" : "hidden")}>
          <FilterText inputRef={inputRef} />
          {MENUS.map(({ key, label, useChoices }) => (
            <FilterMenu
              key={key}
              label={label}
              chosen={filter[key]}
              isSearchable={key !== "states"}
              useChoices={useChoices}
              onToggle={(value) => go({ filter: withChoice(filter, key, value) })}
            />
          ))}
        </div>
        {chips.map((chip) => (
          <ChipButton
            key={`${chip.key} ${chip.value}`}
            chip={chip}
            onRemove={() => go({ filter: withoutChip(filter, chip) })}
          />
        ))}
        {chips.length > 0 && (
          <Button variant="ghost" size="sm" onClick={() => go({ filter: NO_FILTER })}>
            Clear
          </Button>
        )}
      </search>
      {children}
    </div>
  );
}

const CHIP_WORDS: Record<Chip["key"], string> = {
  agents: "agent",
  types: "type",
  correlations: "correlation",
  states: "state",
  text: "text",
};

function ChipButton({ chip, onRemove }: { readonly chip: Chip; readonly onRemove: () => void }) {
  const word = CHIP_WORDS[chip.key];
  const state = STATES.find((known) => chip.key === "states" && known === chip.value);
  const value = state === undefined ? visible(chip.value) : stateWord(state);
  return (
    <button
      type="button"
      title={`Remove ${word} ${value}`}
      aria-label={`Remove ${word} ${value}`}
      onClick={onRemove}
      className="inline-flex h-6 max-w-56 items-center gap-1 rounded-full border border-line bg-raised pr-1.5 pl-2 text-xs hover:border-muted"
    >
      <span className="text-muted">{word}</span>{" "}
      <span className="truncate">{chip.key === "correlations" ? value.slice(0, 8) : value}</span>
      <Cross2Icon aria-hidden className="size-3 shrink-0" />
    </button>
  );
}

function useAgents(): readonly Choice[] {
  const store = useStore();
  return knownAgents(store.state(), useCatalog().agents).map(asChoice);
}

function useTypes(): readonly Choice[] {
  const store = useStore();
  return knownTypes(store.state(), useCatalog().types).map(asChoice);
}

function asChoice(value: string): Choice {
  return { value, name: visible(value) };
}

function useCorrelations(): readonly Choice[] {
  const store = useStore();
  return knownCorrelations(store.state()).map(({ id, agent, runs, isLive, startedAt }) => ({
    value: id,
    name: `${id} ${visible(agent)}`,
    mark: (
      <span className="flex min-w-0 flex-1 items-baseline gap-2">
        <code className="text-xs">{id.slice(0, 8)}</code>
        <span className="min-w-0 flex-1 truncate text-xs text-muted">
          {visible(agent)}
          {runs > 1 && ` and ${runs - 1} more`}
        </span>
        <span className={cn("text-xs tabular-nums", isLive ? "text-running" : "text-muted")}>
          {isLive ? "live" : clockTime(startedAt, 1)}
        </span>
      </span>
    ),
  }));
}
