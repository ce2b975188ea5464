import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./classes";

interface PopoverProps {
  /** The button that opens it. */
  readonly trigger: ReactNode;
  /** What it is, for those who do not see it. */
  readonly label: string;
  readonly children: ReactNode;
  readonly className?: string;
}

/** A small window at a button; takes the focus, and closes with Escape or a click beside it. */
export function Popover({ trigger, label, children, className }: PopoverProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className={cn("popover", className)}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
