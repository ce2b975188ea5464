import { Panel, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { type ReactNode, useMemo } from "react";
import "@xyflow/react/dist/base.css";
import { MinusIcon, PlusIcon } from "@radix-ui/react-icons";
import type { Graph } from "@/core/graph";
import { FAR_SCALE } from "@/core/graph_geometry";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { AgentNodeView } from "./agent_node";
import { Arrows } from "./arrows";
import { type EdgeElement, edgeElements, type NodeElement, nodeElements } from "./elements";
import { FlowEdge } from "./flow_edge";
import { JoinNodeView } from "./join_node";
import { layoutOf } from "./layout";
import { TypeNodeView } from "./type_node";
import "./graph.css";

const NODE_TYPES = { agent: AgentNodeView, type: TypeNodeView, join: JoinNodeView };
const EDGE_TYPES = { flow: FlowEdge };

/** From this many nodes on only those in the window are drawn. */
const MANY_NODES = 200;

/** The header and what else stands around the graph, in pixels. */
const AROUND = 100;

/** The graph, laid out anew and fitted into the window only where it is another one. */
export function Canvas({ graph }: { readonly graph: Graph }) {
  const elements = useMemo(() => {
    const layout = layoutOf(graph, { width: innerWidth, height: innerHeight - AROUND });
    return { nodes: nodeElements(graph, layout), edges: edgeElements(graph, layout) };
  }, [graph]);
  return (
    <ReactFlowProvider key={graph.key}>
      <Distance>
        <Arrows />
        <ReactFlow<NodeElement, EdgeElement>
          nodes={elements.nodes}
          edges={elements.edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          fitView
          fitViewOptions={{ padding: 0.06, maxZoom: 1.2 }}
          minZoom={0.02}
          maxZoom={2}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnDoubleClick={false}
          onlyRenderVisibleElements={elements.nodes.length >= MANY_NODES}
        >
          <Zoom />
        </ReactFlow>
      </Distance>
    </ReactFlowProvider>
  );
}

/** Seen from afar, nodes say less in larger letters. */
function Distance({ children }: { readonly children: ReactNode }) {
  const isFar = useStore(({ transform: [, , zoom] }) => zoom < FAR_SCALE);
  return <div className={cn("graph-canvas size-full", isFar && "graph-far")}>{children}</div>;
}

function Zoom() {
  const flow = useReactFlow();
  return (
    <Panel position="bottom-left" className="flex gap-1">
      <Button size="icon" aria-label="Zoom in" onClick={() => void flow.zoomIn()}>
        <PlusIcon />
      </Button>
      <Button size="icon" aria-label="Zoom out" onClick={() => void flow.zoomOut()}>
        <MinusIcon />
      </Button>
      <Button onClick={() => void flow.fitView({ padding: 0.06, maxZoom: 1.2 })}>Fit</Button>
    </Panel>
  );
}
