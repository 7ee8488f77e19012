import { useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import { connectionsOf } from "../definition/connections";
import { placed } from "../definition/edits";
import { stepsOf } from "../definition/shapes";
import { useDefinition, useDesignerStore } from "../store";
import { wantsTidying } from "./places";
import { tidied } from "./tidying";

/** Gives every card a tidy place. A definition whose cards have none gets them at once. */
export function useTidying(): () => void {
  const store = useDesignerStore();
  const flow = useReactFlow();
  const wanted = wantsTidying(useDefinition());
  const tidy = useCallback(async () => {
    const asked = store.getState().history.present;
    const ids = stepsOf(asked).map(({ id }) => id);
    const layout = await tidied({ ids, connections: connectionsOf(asked) });
    store.getState().change((now) => placed(now, layout), "tidy");
    window.setTimeout(() => void flow.fitView({ padding: 0.2, maxZoom: 1, minZoom: 0.35, duration: 250 }), 30);
  }, [store, flow]);
  const once = useRef(false);
  useEffect(() => {
    if (!wanted || once.current) return;
    once.current = true;
    void tidy();
  }, [wanted, tidy]);
  return () => void tidy();
}
