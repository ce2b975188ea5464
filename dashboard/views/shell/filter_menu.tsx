import { type ReactNode, useId, useState } from "react";
import { bestMatches } from "@/core/matching";
import { Button } from "@/ui/button";
import { CaretDownIcon } from "@/ui/icons";
import { Input } from "@/ui/input";
import { Popover } from "@/ui/popover";

/** How many are listed at once: typing finds the others. */
const LISTED = 60;

export interface Choice {
  readonly value: string;
  /** What is shown, and what is searched in. */
  readonly name: string;
  readonly mark?: ReactNode;
}

interface FilterMenuProps {
  readonly label: string;
  readonly chosen: readonly string[];
  readonly isSearchable: boolean;
  /** Gives the choices when the menu opens. */
  readonly useChoices: () => readonly Choice[];
  readonly onToggle: (value: string) => void;
}

/** A button that opens a list of which several may be chosen. */
export function FilterMenu(props: FilterMenuProps) {
  const { label, chosen } = props;
  return (
    <Popover
      label={label}
      trigger={
        <Button size="sm" className="gap-1">
          {label}
          {chosen.length > 0 && (
            <span className="rounded bg-accent px-1 text-on-accent tabular-nums">{chosen.length}</span>
          )}
          <CaretDownIcon aria-hidden />
        </Button>
      }
    >
      <Choices {...props} />
    </Popover>
  );
}

function Choices({ label, chosen, isSearchable, useChoices, onToggle }: FilterMenuProps) {
  const [query, setQuery] = useState("");
  const all = useChoices();
  const gone = chosen.filter((value) => all.every((choice) => choice.value !== value));
  const found = bestMatches(
    [...gone.map((value) => ({ value, name: value })), ...all],
    query,
    ({ name }) => name,
    LISTED,
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows are a shorter way between what Tab reaches too
    <div className="flex min-h-0 flex-col" onKeyDown={moveFocus}>
      {isSearchable && (
        <div className="border-b border-line p-2">
          <Input
            aria-label={`Find in ${label.toLowerCase()}`}
            placeholder={`Find among ${all.length}`}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </div>
      )}
      <ul className="min-h-0 overflow-auto p-1">
        {found.items.map((choice) => (
          <ChoiceLine
            key={choice.value}
            choice={choice}
            isChosen={chosen.includes(choice.value)}
            onToggle={onToggle}
          />
        ))}
      </ul>
      {found.items.length === 0 && <p className="px-3 pb-3 text-sm text-muted">Nothing of that name.</p>}
      {found.more > 0 && (
        <p className="border-t border-line px-3 py-1.5 text-xs text-muted">
          {found.more} more: type to find them
        </p>
      )}
    </div>
  );
}

interface ChoiceLineProps {
  readonly choice: Choice;
  readonly isChosen: boolean;
  readonly onToggle: (value: string) => void;
}

function ChoiceLine({ choice, isChosen, onToggle }: ChoiceLineProps) {
  const id = useId();
  return (
    <li>
      <label
        htmlFor={id}
        className="flex cursor-pointer items-center gap-2 rounded px-2 py-1 text-sm focus-within:bg-raised hover:bg-raised"
      >
        <input
          id={id}
          type="checkbox"
          className="accent-accent"
          checked={isChosen}
          onChange={() => onToggle(choice.value)}
        />
        {choice.mark ?? <span className="min-w-0 flex-1 truncate">{choice.name}</span>}
      </label>
    </li>
  );
}

/** Arrows go from one field of the menu to the next. */
function moveFocus(event: React.KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const fields: Element[] = [...event.currentTarget.querySelectorAll("input")];
  const place = document.activeElement === null ? -1 : fields.indexOf(document.activeElement);
  const next = fields[(place + step + fields.length) % fields.length];
  if (next instanceof HTMLElement) next.focus();
}
