import { createContext, useCallback, useContext, useState } from "react";

/** Which folded parts somebody has opened: kept while panes come and go with scrolling. */
export const OpenParts = createContext<Set<string>>(new Set());

export function useOpen(name: string): readonly [boolean, (isOpen: boolean) => void] {
  const parts = useContext(OpenParts);
  const [isOpen, setOpen] = useState(() => parts.has(name));
  const set = useCallback(
    (value: boolean) => {
      if (value) parts.add(name);
      else parts.delete(name);
      setOpen(value);
    },
    [parts, name],
  );
  return [isOpen, set];
}
