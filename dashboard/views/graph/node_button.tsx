import { useReactFlow } from "@xyflow/react";
import type { FocusEvent, ReactNode } from "react";
import { cn } from "@/ui/classes";
import { Handles } from "./handles";

interface NodeButtonProps {
  readonly id: string;
  /** What the node is, said before what it shows, and what it opens, said behind it: for those who do not see it. */
  readonly before: string;
  readonly after: string;
  readonly className: string;
  readonly isLit: boolean;
  readonly onOpen: () => void;
  readonly children: ReactNode;
}

/** A node is a button. With the keyboard it comes into view when it gets the focus. */
export function NodeButton({ id, before, after, className, isLit, onOpen, children }: NodeButtonProps) {
  const flow = useReactFlow();
  const reveal = (event: FocusEvent<HTMLButtonElement>) => {
    const button = event.currentTarget;
    const frame = button.closest(".react-flow")?.getBoundingClientRect();
    if (frame === undefined || !button.matches(":focus-visible")) return;
    if (!isInside(button.getBoundingClientRect(), frame)) {
      void flow.fitView({ nodes: [{ id }], minZoom: flow.getZoom(), maxZoom: Math.max(0.6, flow.getZoom()) });
    }
  };
  return (
    <>
      <Handles />
      <button
        type="button"
        onClick={onOpen}
        onFocus={reveal}
        className={cn(
          "pointer-events-auto relative flex size-full flex-col justify-center gap-0.5 overflow-hidden px-3 text-sm leading-tight",
          isLit ? "bg-panel text-ink" : "border-dashed bg-page text-muted",
          className,
        )}
      >
        <span className="sr-only">{before}</span>
        {children}
        <span className="sr-only">{after}</span>
      </button>
    </>
  );
}

function isInside(inner: DOMRect, outer: DOMRect): boolean {
  return (
    inner.left >= outer.left &&
    inner.right <= outer.right &&
    inner.top >= outer.top &&
    inner.bottom <= outer.bottom
  );
}
