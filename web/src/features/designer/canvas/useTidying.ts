import { useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import { connectionsOf } from "../definition/connections";
import { placed } from "../definition/edits";
import { startOf, stepsOf } from "../definition/shapes";
import { type DesignerStore, useDefinition, useDesignerStore } from "../store";
import { type Arrangement, CARD_WIDTH } from "./arrange";
import { wantsTidying } from "./places";
import { tidied } from "./tidying";

const READABLE_ZOOM = 0.6;
const FIT = { padding: 0.15, maxZoom: 1 };

/** Gives every card a tidy place. When hardly any card has one, that happens by itself, and is not a change. */
export function useTidying(): () => void {
  const store = useDesignerStore();
  const show = useShow();
  const wanted = wantsTidying(useDefinition());
  const tidy = useCallback(async () => {
    const routes = await tidiedNow(store);
    store.setState({ routes });
    store.getState().change((now) => placed(now, routes.layout));
    show(store);
  }, [store, show]);
  const once = useRef(false);
  useEffect(() => {
    if (once.current) return;
    once.current = true;
    if (!wanted) show(store);
    void tidiedNow(store).then((routes) => {
      store.setState(wanted ? { routes, arranged: routes.layout } : { routes });
      if (wanted) show(store);
    });
  }, [wanted, store, show]);
  return () => void tidy();
}

function tidiedNow(store: DesignerStore): Promise<Arrangement> {
  const definition = store.getState().history.present;
  const ids = stepsOf(definition).map(({ id }) => id);
  return tidied({ ids, connections: connectionsOf(definition) });
}

/** Shows all of it; of what is too large to be read so, where it starts. */
function useShow(): (store: DesignerStore) => void {
  const flow = useReactFlow();
  return useCallback(
    (store) => {
      window.setTimeout(async () => {
        await flow.fitView(FIT);
        const start = startOf(store.getState().history.present);
        const first = start === null ? undefined : flow.getNode(start);
        const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
        if (flow.getZoom() >= READABLE_ZOOM || !first || !pane) return;
        const zoom = 0.8;
        const x = pane.width / 2 - (first.position.x + CARD_WIDTH / 2) * zoom;
        void flow.setViewport({ x, y: 72 - first.position.y * zoom, zoom });
      }, 40);
    },
    [flow],
  );
}
