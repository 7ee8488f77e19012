import { IconPlus, IconX } from "@tabler/icons-react";
import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { disconnect } from "../definition/connections";
import { titleOf } from "../definition/shapes";
import { stepById, useDesigner, useDesignerStore } from "../store";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import css from "./canvas.module.css";
import type { WayEdge } from "./nodes";
import { routeOf } from "./route";

/** A connection, with a plus in its middle to put a step in and a cross to take it away. */
export const WayLine = memo(function WayLine(props: EdgeProps<WayEdge>) {
  const { id, source, target, data, selected, markerEnd } = props;
  const t = useDesignerWords();
  const store = useDesignerStore();
  const lit = useDesigner(({ lit }) => (lit === null ? undefined : lit.ways.has(id) ? "yes" : "no"));
  const routes = useDesigner((d) => d.routes);
  const [path, x, y] = routeOf(props, routes);
  const outcome = data?.outcome ?? "";
  const way = { from: source, outcome };
  const name = (stepId: string) => {
    const step = stepById(store.getState().history.present, stepId);
    return step ? titleOf(step) : stepId;
  };
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={css.way}
        data-chosen={selected || undefined}
        data-lit={lit}
        interactionWidth={24}
        {...(markerEnd && { markerEnd })}
      />
      <EdgeLabelRenderer>
        <div
          className={`${css.wayTools} nodrag nopan`}
          data-chosen={selected || undefined}
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          <button
            type="button"
            className={css.wayTool}
            aria-label={t("canvas.addBetween", { from: name(source), to: name(target) })}
            onClick={() => store.setState({ adding: { after: way } })}
          >
            <IconPlus size={13} aria-hidden />
          </button>
          {selected && (
            <button
              type="button"
              className={css.wayTool}
              aria-label={`${t("outline.remove")}: ${name(source)}, ${outcomeWord(outcome)}`}
              onClick={() => store.getState().change((definition) => disconnect(definition, way))}
            >
              <IconX size={13} aria-hidden />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  );
});
