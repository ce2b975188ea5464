import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./classes";

const variants = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-50 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        solid: "bg-accent text-on-accent hover:opacity-90",
        outline: "border border-line bg-panel text-ink hover:bg-raised",
        ghost: "text-ink hover:bg-raised",
        danger: "border border-line bg-panel text-failed hover:bg-raised",
      },
      size: { md: "h-8 px-3", sm: "h-7 px-2 text-xs", icon: "size-8", "icon-sm": "size-6" },
    },
    defaultVariants: { variant: "outline", size: "md" },
  },
);

type ButtonProps = ComponentProps<"button"> & VariantProps<typeof variants>;

/** A button; one that shows an icon alone needs an `aria-label`. */
export function Button({ className, variant, size, type = "button", ...props }: ButtonProps) {
  return <button type={type} className={cn(variants({ variant, size }), className)} {...props} />;
}
