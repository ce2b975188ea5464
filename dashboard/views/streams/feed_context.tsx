import { createContext, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { useStore } from "@/store";
import { Feed } from "./feed";

export const FeedContext = createContext<Feed | null>(null);

/** Make the feed of a pane. */
export function useNewFeed(runId: string): Feed {
  const store = useStore();
  const feed = useMemo(() => new Feed(store, runId), [store, runId]);
  useEffect(() => feed.start(), [feed]);
  return feed;
}

export function useFeed(): Feed {
  const feed = useContext(FeedContext);
  if (feed === null) throw new Error("no FeedContext around this component");
  return feed;
}

/** Give a field's text, drawn again in each beat that brings more of it: for short texts, and for what needs React. */
export function useFieldText(key: string): string {
  const feed = useFeed();
  const subscribe = useCallback((listener: () => void) => feed.watch(key, listener), [feed, key]);
  return useSyncExternalStore(subscribe, () => feed.field(key)?.text ?? "");
}

/** Whether a field's text is longer than `limit`: drawn again only where that changes. */
export function useIsLong(key: string, limit: number): boolean {
  const feed = useFeed();
  const subscribe = useCallback((listener: () => void) => feed.watch(key, listener), [feed, key]);
  return useSyncExternalStore(subscribe, () => (feed.field(key)?.text.length ?? 0) > limit);
}
