import type { ComponentProps } from "react";
import { cn } from "./classes";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn("box", className)} {...props} />;
}

export function TextArea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn("box box-area", className)} {...props} />;
}

/** The browser's own list: it works everywhere, and with every keyboard. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return <select className={cn("box box-select", className)} {...props} />;
}
