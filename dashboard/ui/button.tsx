import type { ComponentProps } from "react";
import { cn } from "./classes";

const VARIANTS = {
  solid: "button-solid",
  outline: "button-outline",
  ghost: "button-ghost",
  danger: "button-danger",
};
const SIZES = { md: "button-md", sm: "button-sm", icon: "button-icon", "icon-sm": "button-icon-sm" };

interface ButtonProps extends ComponentProps<"button"> {
  readonly variant?: keyof typeof VARIANTS;
  readonly size?: keyof typeof SIZES;
}

/** A button; one that shows an icon alone needs an `aria-label`. */
export function Button({
  className,
  variant = "outline",
  size = "md",
  type = "button",
  ...props
}: ButtonProps) {
  return (
    <button type={type} className={cn("button", VARIANTS[variant], SIZES[size], className)} {...props} />
  );
}
