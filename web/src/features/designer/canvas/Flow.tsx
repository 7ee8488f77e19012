import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  MarkerType,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  ReactFlow,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useMemo, useState } from "react";
import { addStep, usualSpot } from "../adding";
import { useStepTypes } from "../api/templates";
import { connect } from "../definition/connections";
import { placed } from "../definition/edits";
import type { Layout, Way } from "../definition/shapes";
import { useDefinition, useDesigner, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import css from "./canvas.module.css";
import { DRAGGED_TYPE } from "./dragging";
import { edgesOf, nodesOf, type StepNode, type WayEdge } from "./nodes";
import { placesOf } from "./places";
import { StepCard } from "./StepCard";
import { Tools } from "./Tools";
import { useTidying } from "./useTidying";
import { WayLine } from "./WayLine";

const NODE_TYPES = { step: StepCard };
const EDGE_TYPES = { way: WayLine };
const EDGE_DEFAULTS = { markerEnd: { type: MarkerType.ArrowClosed, width: 18, height: 18 } };
const MAP_SIZE = { width: 150, height: 104 };
const ATTRIBUTION = { hideAttribution: true };

/** The canvas itself: what is dragged, drawn and dropped becomes edits of the definition. */
export function Flow() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const definition = useDefinition();
  const chosen = useDesigner((d) => d.chosen);
  const { data: types = [] } = useStepTypes();
  const arranged = useDesigner((d) => d.arranged);
  const places = useMemo(() => placesOf(definition, arranged), [definition, arranged]);
  const [nodes, setNodes] = useState<StepNode[]>(() => nodesOf(places, definition, chosen, []));
  const [chosenWay, setChosenWay] = useState<string | null>(null);
  useEffect(() => setNodes((before) => nodesOf(places, definition, chosen, before)), [places, definition, chosen]);
  const plain = useMemo(() => edgesOf(definition), [definition]);
  const edges = useMemo(
    () => (chosenWay ? plain.map((edge) => (edge.id === chosenWay ? { ...edge, selected: true } : edge)) : plain),
    [plain, chosenWay],
  );
  const tidy = useTidying();

  const onNodesChange = useCallback(
    (changes: NodeChange<StepNode>[]) => {
      const selects = changes.filter((change) => change.type === "select");
      if (selects.length > 0) {
        const after = new Set(store.getState().chosen);
        for (const { id, selected } of selects) selected ? after.add(id) : after.delete(id);
        store.getState().choose([...after]);
      }
      const own = changes.filter((change) => change.type === "position" || change.type === "dimensions");
      if (own.length > 0) setNodes((before) => applyNodeChanges(own, before));
    },
    [store],
  );
  const onDragStop = useCallback(
    (_event: unknown, _node: StepNode, moved: StepNode[]) => {
      const { change, arranged: found } = store.getState();
      const own: Layout = {};
      for (const { id, position } of moved) own[id] = { x: Math.round(position.x), y: Math.round(position.y) };
      change((now) => placed(now, { ...placesOf(now, found), ...own }));
    },
    [store],
  );
  const onConnectEnd: OnConnectEnd = useCallback(
    (_event, { isValid, fromHandle, toNode }) => {
      const outcome = fromHandle?.id;
      if (isValid || toNode || !fromHandle || fromHandle.type !== "source" || !outcome) return;
      store.setState({ adding: { after: { from: fromHandle.nodeId, outcome } } });
    },
    [store],
  );
  const drop = (event: DragEvent) => {
    const type = event.dataTransfer.getData(DRAGGED_TYPE);
    if (!type) return;
    event.preventDefault();
    const way = wayAt(event.clientX, event.clientY, plain);
    const name = types.find((found) => found.type === type)?.name ?? type;
    addStep(store, type, name, way ? { after: way } : usualSpot(store.getState()));
  };
  return (
    <ReactFlow<StepNode, WayEdge>
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      defaultEdgeOptions={EDGE_DEFAULTS}
      onNodesChange={onNodesChange}
      onNodeDragStop={onDragStop}
      onSelectionDragStop={(event, moved) => onDragStop(event, moved[0] as StepNode, moved)}
      onConnect={({ source, sourceHandle, target }) =>
        sourceHandle &&
        store.getState().change((now) => connect(now, { from: source, outcome: sourceHandle, to: target }))
      }
      onConnectEnd={onConnectEnd}
      onEdgeClick={(_event, edge) => setChosenWay(edge.id)}
      onPaneClick={() => setChosenWay(null)}
      onNodeClick={() => setChosenWay(null)}
      onDrop={drop}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED_TYPE)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onlyRenderVisibleElements
      deleteKeyCode={null}
      elevateNodesOnSelect={false}
      edgesFocusable={false}
      minZoom={0.1}
      maxZoom={1.75}
      proOptions={ATTRIBUTION}
      aria-label={t("canvas.label")}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} className={css.dots ?? ""} />
      <MiniMap
        style={MAP_SIZE}
        pannable
        zoomable
        className={css.map ?? ""}
        ariaLabel={t("canvas.map")}
        nodeBorderRadius={6}
      />
      <Tools onTidy={tidy} />
    </ReactFlow>
  );
}

/** The connection under a point of the screen, so that what is dropped there is put into it. */
function wayAt(x: number, y: number, edges: WayEdge[]): Way | null {
  const found = document.elementsFromPoint(x, y).map((element) => element.closest(".react-flow__edge"));
  const id = found.find((edge) => edge !== null)?.getAttribute("data-id");
  const edge = edges.find((known) => known.id === id);
  return edge ? { from: edge.source, outcome: edge.data?.outcome ?? "" } : null;
}
