import "@xyflow/react/dist/base.css";
import { ReactFlowProvider } from "@xyflow/react";
import { stepsOf } from "../definition/shapes";
import { useDefinition } from "../store";
import css from "./canvas.module.css";
import { EmptyCanvas } from "./EmptyCanvas";
import { Flow } from "./Flow";

/** The workflow as cards and connections. */
export function Canvas() {
  const isEmpty = stepsOf(useDefinition()).length === 0;
  return (
    <section className={css.canvas}>
      {isEmpty ? (
        <EmptyCanvas />
      ) : (
        <ReactFlowProvider>
          <Flow />
        </ReactFlowProvider>
      )}
    </section>
  );
}
