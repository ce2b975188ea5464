import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Cross2Icon } from "@/ui/icons";
import { Button } from "./button";
import { cn } from "./classes";

interface DialogProps {
  readonly title: string;
  readonly description?: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
  /** `side` is a sheet at the edge of the window, of its whole height. */
  readonly shape?: "middle" | "side";
}

const SHAPES = { middle: "dialog-middle", side: "dialog-side" };

/** A modal dialog: takes the focus, gives it back, and closes with Escape. */
export function Dialog({
  title,
  description,
  isOpen,
  onClose,
  children,
  className,
  shape = "middle",
}: DialogProps) {
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className={cn("dialog", SHAPES[shape], className)}
        >
          <header className="flex items-start gap-3 border-b border-line px-4 py-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="truncate text-base font-semibold">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="text-sm text-muted">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <Button variant="ghost" size="icon" aria-label="Close">
                <Cross2Icon />
              </Button>
            </Radix.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-auto px-4 py-3">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
