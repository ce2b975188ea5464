import { useCallback, useEffect, useRef, useState } from "react";
import type { Feed } from "./feed";
import { isAtEnd, scrollToEnd } from "./tail";

interface Following {
  readonly isFollowing: boolean;
  readonly scroller: React.RefObject<HTMLElement | null>;
  readonly onScroll: () => void;
  readonly follow: () => void;
}

/** Follow the end of what a feed writes, until the reader scrolls up; at the end it goes on by itself. */
export function useFollowing(feed: Feed, startsAtEnd: boolean): Following {
  const scroller = useRef<HTMLElement>(null);
  const lastTop = useRef(0);
  const [isFollowing, setFollowing] = useState(startsAtEnd);
  useEffect(() => {
    if (!isFollowing) return;
    const toEnd = () => {
      if (scroller.current !== null) scrollToEnd(scroller.current);
    };
    toEnd();
    return feed.watchAll(toEnd);
  }, [feed, isFollowing]);
  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const top = element.scrollTop;
    const isUp = top < lastTop.current;
    lastTop.current = top;
    if (isUp && !isAtEnd(element)) setFollowing(false);
    else if (!isUp && isAtEnd(element)) setFollowing(true);
  }, []);
  const follow = useCallback(() => {
    setFollowing(true);
    if (scroller.current !== null) scrollToEnd(scroller.current);
  }, []);
  return { isFollowing, scroller, onScroll, follow };
}
