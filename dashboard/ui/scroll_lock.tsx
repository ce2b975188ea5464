/** Stands for react-remove-scroll, which Radix wraps around what is modal, and which would inject a style element.
 * Nothing behind a dialog scrolls with it here: the page itself never scrolls. */

import { Slot } from "radix-ui";
import type { ComponentProps } from "react";

type RemoveScrollProps = ComponentProps<"div"> & {
  readonly as?: unknown;
  readonly allowPinchZoom?: boolean;
  readonly shards?: unknown;
};

export function RemoveScroll({
  as: _as,
  allowPinchZoom: _zoom,
  shards: _shards,
  ...props
}: RemoveScrollProps) {
  return <Slot.Root {...props} />;
}

export default RemoveScroll;
