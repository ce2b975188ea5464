/** Keeps growing texts at their end: all panes of a beat together, so that the page is laid out once for all. */

const due = new Set<HTMLElement>();

/** Scroll an element to its end before the page is drawn next. */
export function scrollToEnd(element: HTMLElement): void {
  due.add(element);
  if (due.size === 1) requestAnimationFrame(scrollAll);
}

function scrollAll(): void {
  const elements = [...due];
  due.clear();
  const ends = elements.map((one) => one.scrollHeight - one.clientHeight);
  for (const [index, one] of elements.entries()) one.scrollTop = ends[index] ?? 0;
}

/** Whether somebody has scrolled away from the end, a line or two aside. */
export function isAtEnd({ scrollHeight, clientHeight, scrollTop }: HTMLElement): boolean {
  return scrollHeight - clientHeight - scrollTop < 24;
}
