import { type RefObject, useEffect, useState } from "react";

/** Give the size of an element, and how far it is scrolled down. */
export function useViewport(element: RefObject<HTMLElement | null>) {
  const [viewport, setViewport] = useState({ width: 0, height: 0, scrollTop: 0 });
  useEffect(() => {
    const node = element.current;
    if (node === null) return;
    const read = () => {
      const { clientWidth: width, clientHeight: height, scrollTop } = node;
      setViewport((last) =>
        last.width === width && last.height === height && last.scrollTop === scrollTop
          ? last
          : { width, height, scrollTop },
      );
    };
    const observer = new ResizeObserver(read);
    observer.observe(node);
    node.addEventListener("scroll", read, { passive: true });
    read();
    return () => {
      observer.disconnect();
      node.removeEventListener("scroll", read);
    };
  }, [element]);
  return viewport;
}
