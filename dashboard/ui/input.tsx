import type { ComponentProps } from "react";
import { cn } from "./classes";

const BOX =
  "w-full rounded-md border border-line bg-panel px-2.5 text-sm text-ink placeholder:text-muted aria-invalid:border-failed disabled:opacity-60";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(BOX, "h-8", className)} {...props} />;
}

export function TextArea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(BOX, "min-h-20 py-1.5", className)} {...props} />;
}

/** The browser's own list: it works everywhere, and with every keyboard. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return <select className={cn(BOX, "h-8 pr-1", className)} {...props} />;
}
