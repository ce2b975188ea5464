/** What has just happened: a count that has risen stays new for a moment. */

import { useEffect, useRef, useState } from "react";

const RECENT_MS = 1800;

/** Whether the count has risen within the last moments. */
export function useRecent(count: number): boolean {
  const before = useRef(count);
  const [isRecent, setRecent] = useState(false);
  useEffect(() => {
    const hasRisen = count > before.current;
    before.current = count;
    if (!hasRisen) return;
    setRecent(true);
    const timer = setTimeout(() => setRecent(false), RECENT_MS);
    return () => clearTimeout(timer);
  }, [count]);
  return isRecent;
}
