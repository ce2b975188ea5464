import { Panel, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { type ReactNode, useMemo } from "react";
import "@xyflow/react/dist/base.css";
import type { Graph } from "@/core/graph";
import { FAR_SCALE } from "@/core/graph_geometry";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import { MinusIcon, PlusIcon } from "@/ui/icons";
import { AgentNodeView } from "./agent_node";
import { Arrows } from "./arrows";
import { type EdgeElement, edgeElements, type NodeElement, nodeElements } from "./elements";
import { FlowEdge } from "./flow_edge";
import { SingleEdgesContext } from "./handles";
import { JoinNodeView } from "./join_node";
import { layoutOf } from "./layout";
import { ManyEdges } from "./many_edges";
import { TypeNodeView } from "./type_node";
import "./graph.css";

const NODE_TYPES = { agent: AgentNodeView, type: TypeNodeView, join: JoinNodeView };
const EDGE_TYPES = { flow: FlowEdge };

/** From this many nodes on only those in the window are drawn, and more plainly. */
const MANY_NODES = 200;

/** The header and what else stands around the graph, in pixels. */
const AROUND = 100;

/** The graph, laid out anew and fitted into the window only where it is another one. */
export function Canvas({ graph }: { readonly graph: Graph }) {
  const elements = useMemo(() => {
    const layout = layoutOf(graph, { width: innerWidth, height: innerHeight - AROUND });
    const hasMany = graph.nodes.length >= MANY_NODES;
    const edges = hasMany ? [] : edgeElements(graph, layout);
    return { layout, hasMany, nodes: nodeElements(graph, layout), edges };
  }, [graph]);
  const { hasMany, layout } = elements;
  return (
    <ReactFlowProvider key={graph.key}>
      <Distance hasMany={hasMany}>
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
          onlyRenderVisibleElements={hasMany}
        >
          {hasMany && <ManyEdges graph={graph} layout={layout} />}
          <Zoom />
        </ReactFlow>
      </Distance>
    </ReactFlowProvider>
  );
}

/** Seen from afar, nodes say less in larger letters; where there are many, nothing moves. */
function Distance({ hasMany, children }: { readonly hasMany: boolean; readonly children: ReactNode }) {
  const isFar = useStore(({ transform: [, , zoom] }) => zoom < FAR_SCALE);
  return (
    <SingleEdgesContext value={!hasMany}>
      <div className={cn("graph-canvas size-full", isFar && "graph-far", hasMany && "graph-many")}>
        {children}
      </div>
    </SingleEdgesContext>
  );
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
