/** The joins that wait, as the server tells them, while the graph is open and somebody looks. */

import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import type { JoinBody } from "@/protocol/api";
import { useFlock } from "@/store";
import { api } from "@/transport/api";
import { useNavigation } from "@/views/parts/route";

/** What publications set off is asked for once, this long after the first of them. */
const CALM_MS = 1000;

const NOTHING: readonly JoinBody[] = [];
const JoinsContext = createContext(NOTHING);

/** Loads the joins again after publications. A replay shows none: the server knows today's alone. */
export function JoinsProvider({ children }: { readonly children: ReactNode }) {
  const isReplay = useNavigation().route.replay !== null;
  const latest = useFlock((state) => state.publications.at(-1)?.artifact_id);
  const epoch = useFlock((state) => state.epoch);
  const isVisible = useVisible();
  const [isDue, setDue] = useState(true);
  const [joins, setJoins] = useState(NOTHING);

  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever of these changes, the joins may have changed
  useEffect(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      setDue(true);
    }, CALM_MS);
  }, [latest, epoch]);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );

  useEffect(() => {
    if (!isDue || !isVisible || isReplay) return;
    setDue(false);
    api.joins().then(
      ({ items }) => setJoins((known) => (isSame(known, items) ? known : items)),
      () => {},
    );
  }, [isDue, isVisible, isReplay]);

  return <JoinsContext value={isReplay ? NOTHING : joins}>{children}</JoinsContext>;
}

export function useJoins(): readonly JoinBody[] {
  return useContext(JoinsContext);
}

function useVisible(): boolean {
  const [isVisible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const read = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, []);
  return isVisible;
}

function isSame(one: readonly JoinBody[], other: readonly JoinBody[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
