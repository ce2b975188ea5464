import type { NodeProps } from "@xyflow/react";
import { memo, useCallback } from "react";
import { artifactsOf, type Figures } from "@/core/graph_figures";
import { SIZES } from "@/core/graph_geometry";
import { typeWords } from "@/core/graph_words";
import { visible } from "@/core/text";
import type { TypeElement } from "./elements";
import { useFigures } from "./figures";
import { useLit } from "./lit";
import { NodeButton } from "./node_button";
import { useDoors } from "./open";

/** An artifact type, and how many there are. It opens its artifacts. */
export const TypeNodeView = memo(({ id, data, width }: NodeProps<TypeElement>) => {
  const { name, isSource } = data.node;
  const count = useFigures(useCallback((all: Figures) => artifactsOf(all, name), [name]));
  const isLit = useLit(id);
  const { openArtifacts } = useDoors();
  const shown = visible(name);
  const hasRoom = width === undefined || width >= SIZES.type.width;
  return (
    <NodeButton
      id={id}
      before="Type "
      after=". Open them on the board."
      className="items-center rounded-full border border-line text-center"
      isLit={isLit}
      onOpen={() => openArtifacts(name)}
    >
      <span className="graph-name max-w-full truncate font-medium" title={shown}>
        {shown}
      </span>
      <span className="graph-detail max-w-full truncate text-xs text-muted tabular-nums">
        {typeWords(count, isSource, hasRoom)}
      </span>
    </NodeButton>
  );
});
TypeNodeView.displayName = "TypeNodeView";
