/** Class names in one text. No two of them may set the same property: bricks stand in a layer below the utilities. */

export { clsx as cn } from "clsx";
