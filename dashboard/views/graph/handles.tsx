import { Handle, Position } from "@xyflow/react";
import { createContext, useContext } from "react";

/** Whether edges are drawn one by one. */
export const SingleEdgesContext = createContext(true);

/** What xyflow wants to find in a node before it draws an edge; where the edge runs is up to the layout. */
export function Handles() {
  if (!useContext(SingleEdgesContext)) return null;
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="invisible" />
      <Handle type="source" position={Position.Right} isConnectable={false} className="invisible" />
    </>
  );
}
