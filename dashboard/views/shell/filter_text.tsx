import { type RefObject, useEffect, useState } from "react";
import { MagnifyingGlassIcon } from "@/ui/icons";
import { Input } from "@/ui/input";
import { useNavigation } from "@/views/parts/route";

const PAUSE_MS = 200;

interface FilterTextProps {
  readonly inputRef: RefObject<HTMLInputElement | null>;
}

/** The text that is looked for; the address follows in the pauses of typing, and the field the address. */
export function FilterText({ inputRef }: FilterTextProps) {
  const { route, go } = useNavigation();
  const { filter } = route;
  const [draft, setDraft] = useState(filter.text);
  const [known, setKnown] = useState(filter.text);
  if (filter.text !== known) {
    setKnown(filter.text);
    setDraft(filter.text);
  }
  useEffect(() => {
    if (draft === filter.text) return;
    const timer = setTimeout(() => {
      setKnown(draft);
      go({ filter: { ...filter, text: draft } }, "replace");
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, filter, go]);
  return (
    <div className="relative w-full sm:w-56">
      <MagnifyingGlassIcon aria-hidden className="absolute top-1.5 left-2 text-muted" />
      <Input
        ref={inputRef}
        type="search"
        aria-label="Filter by text"
        placeholder="Filter by text"
        className="h-7 pl-7 text-xs"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
    </div>
  );
}
