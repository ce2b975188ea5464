import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** So far from the end, in pixels, somebody counts as having scrolled away from it. */
const AWAY = 24;

interface Following {
  readonly isFollowing: boolean;
  readonly scroller: RefObject<HTMLElement | null>;
  readonly onScroll: () => void;
  /** Stop at the end as it is now, and let the reader go up from there. */
  readonly yield: () => void;
  readonly follow: () => void;
}

/** Follow the end of a text until the reader scrolls up; at the end it goes on by itself.
 *
 * While it follows, the element lays itself out from its end (`column-reverse`): the browser keeps it there, nobody
 * has to scroll a hundred panes in each beat. For the reader it is laid out from its beginning, so that what they
 * read stays where it is while more comes in below.
 */
export function useFollowing(): Following {
  const scroller = useRef<HTMLElement>(null);
  const fromEnd = useRef(0);
  const lastTop = useRef(0);
  const [isFollowing, setFollowing] = useState(true);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = isFollowing ? 0 : element.scrollHeight - element.clientHeight + fromEnd.current;
    lastTop.current = element.scrollTop;
  }, [isFollowing]);
  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const isDown = element.scrollTop > lastTop.current;
    lastTop.current = element.scrollTop;
    if (isFollowing && element.scrollTop < -AWAY) {
      fromEnd.current = element.scrollTop;
      setFollowing(false);
    } else if (!isFollowing && isDown && isAtEnd(element)) setFollowing(true);
  }, [isFollowing]);
  const yieldToReader = useCallback(() => {
    fromEnd.current = -2 * AWAY;
    setFollowing(false);
  }, []);
  return { isFollowing, scroller, onScroll, yield: yieldToReader, follow: () => setFollowing(true) };
}

function isAtEnd({ scrollHeight, clientHeight, scrollTop }: HTMLElement): boolean {
  return scrollHeight - clientHeight - scrollTop < 2 * AWAY;
}
