/** The address as state: every view reads it, and changes it by `go`. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { formatRoute, parseRoute, type Route } from "@/core/route";

interface Navigation {
  readonly route: Route;
  /** Change parts of the address; `replace` leaves no entry in the history, for what changes with each key. */
  readonly go: (change: Partial<Route>, how?: "push" | "replace") => void;
}

const NavigationContext = createContext<Navigation | null>(null);

export function NavigationProvider({ children }: { readonly children: ReactNode }) {
  const [route, setRoute] = useState(() => parseRoute(location.search));
  useEffect(() => {
    const read = () => setRoute(parseRoute(location.search));
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }, []);
  const go = useCallback((change: Partial<Route>, how: "push" | "replace" = "push") => {
    const next = { ...parseRoute(location.search), ...change };
    const address = `${location.pathname}${formatRoute(next)}`;
    if (how === "push") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    setRoute(next);
  }, []);
  const navigation = useMemo(() => ({ route, go }), [route, go]);
  return <NavigationContext value={navigation}>{children}</NavigationContext>;
}

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (navigation === null) throw new Error("no NavigationProvider around this component");
  return navigation;
}
