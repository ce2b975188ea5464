import { Cross2Icon } from "@radix-ui/react-icons";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
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

const SHAPES = {
  middle: "inset-x-2 top-[max(0.5rem,6vh)] mx-auto max-h-[88vh] max-w-xl rounded-lg border sm:inset-x-4",
  side: "inset-y-0 right-0 w-full max-w-2xl border-l",
};

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
          className={cn(
            "fixed z-50 flex flex-col border-line bg-panel text-ink shadow-xl outline-none",
            SHAPES[shape],
            className,
          )}
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
