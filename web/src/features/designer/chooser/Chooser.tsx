import { Modal, UnstyledButton } from "@mantine/core";
import { type KeyboardEvent, useRef } from "react";
import { addStep, spotNames } from "../adding";
import { useStepTypes } from "../api/templates";
import css from "../designer.module.css";
import { StepIcon } from "../look/StepIcon";
import { useDesigner, useDesignerStore } from "../store";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";

/** Asks which step to add at the spot that was pointed at. */
export function Chooser() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const spot = useDesigner(({ adding }) => adding);
  const { data: types = [] } = useStepTypes();
  const list = useRef<HTMLDivElement>(null);
  const close = () => store.setState({ adding: null });
  const add = (type: string, name: string) => {
    if (spot) addStep(store, type, name, spot);
    close();
  };
  const names = spot && spotNames(store.getState(), spot);
  const where = !names
    ? t("chooser.first")
    : names.outcome
      ? t("chooser.after", { name: names.name, outcome: outcomeWord(names.outcome) })
      : t("chooser.before", { name: names.name });
  return (
    <Modal
      opened={spot !== null}
      onClose={close}
      title={t("chooser.title")}
      size="md"
      closeButtonProps={{ "aria-label": t("inspector.close") }}
    >
      <p className={css.chooserWhere}>{where}</p>
      <div
        ref={list}
        className={css.chooser}
        onKeyDown={(event) => moveFocus(event, list.current)}
        role="toolbar"
        aria-label={t("chooser.title")}
        aria-orientation="vertical"
      >
        {types.map((type, index) => (
          <UnstyledButton
            key={type.type}
            className={css.chooserType}
            onClick={() => add(type.type, type.name)}
            data-autofocus={index === 0 || undefined}
          >
            <StepIcon type={type.type} />
            <span>
              <span className={css.typeName}>{type.name}</span>
              <span className={css.typeText}>{type.description}</span>
            </span>
          </UnstyledButton>
        ))}
      </div>
    </Modal>
  );
}

/** Arrows go through the buttons; a letter goes to the next that begins with it. */
function moveFocus(event: KeyboardEvent, list: HTMLDivElement | null): void {
  const buttons = [...(list?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const letter = event.key.length === 1 ? event.key.toLowerCase() : null;
  const rest = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)];
  const to = step
    ? buttons[(at + step + buttons.length) % buttons.length]
    : letter && rest.find((button) => button.innerText.toLowerCase().startsWith(letter));
  if (!to) return;
  event.preventDefault();
  to.focus();
}
