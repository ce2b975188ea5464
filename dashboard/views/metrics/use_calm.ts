import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 1000;

/** Give a value as it was last, but a new one no more than once a second. */
export function useCalm<T>(value: T): T {
  const [shown, setShown] = useState(value);
  const changed = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (Object.is(value, shown)) return;
    const due = changed.current + PAUSE_MS - performance.now();
    const timer = setTimeout(
      () => {
        changed.current = performance.now();
        setShown(value);
      },
      Math.max(0, due),
    );
    return () => clearTimeout(timer);
  }, [value, shown]);
  return shown;
}
