import { UnstyledButton } from "@mantine/core";
import { addStep, usualSpot } from "../adding";
import { useStepTypes } from "../api/templates";
import { DRAGGED_TYPE } from "../canvas/dragging";
import css from "../designer.module.css";
import { StepIcon } from "../look/StepIcon";
import { useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";

/** The step types: a click adds one after the chosen step, a drag puts it where it is dropped. */
export function Palette() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const { data: types = [] } = useStepTypes();
  return (
    <section className={css.palette} aria-label={t("palette.title")}>
      <h2 className={css.paneTitle}>{t("palette.title")}</h2>
      <div className={css.types}>
        {types.map(({ type, name, description }) => (
          <UnstyledButton
            key={type}
            className={css.type}
            title={`${description} ${t("palette.hint")}`}
            draggable
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAGGED_TYPE, type);
              event.dataTransfer.effectAllowed = "copy";
            }}
            onClick={() => addStep(store, type, name, usualSpot(store.getState()))}
          >
            <StepIcon type={type} size={16} />
            {name}
          </UnstyledButton>
        ))}
      </div>
    </section>
  );
}
