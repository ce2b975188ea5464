/** Freezing the page: what is drawn stays as it is, while the runs go on behind it. */

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { useStore } from "@/store";

interface Freeze {
  readonly isFrozen: boolean;
  readonly toggle: () => void;
}

const FreezeContext = createContext<Freeze | null>(null);

export function FreezeProvider({ children }: { readonly children: ReactNode }) {
  const store = useStore();
  const [isFrozen, setFrozen] = useState(false);
  const freeze = useMemo(
    () => ({
      isFrozen,
      toggle: () => {
        store.freeze(!isFrozen);
        setFrozen(!isFrozen);
      },
    }),
    [store, isFrozen],
  );
  return <FreezeContext value={freeze}>{children}</FreezeContext>;
}

export function useFreeze(): Freeze {
  const freeze = useContext(FreezeContext);
  if (freeze === null) throw new Error("no FreezeProvider around this component");
  return freeze;
}
