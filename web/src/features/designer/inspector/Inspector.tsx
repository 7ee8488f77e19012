import { ActionIcon, Button, Group, Stack } from "@mantine/core";
import { IconCopy, IconTrash, IconX } from "@tabler/icons-react";
import { duplicateChosen, removeChosen } from "../adding";
import css from "../designer.module.css";
import { useDesigner, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { StepForm } from "./StepForm";
import { WorkflowForm } from "./WorkflowForm";

/** What is chosen, to be edited: a step, several, or else the workflow itself. */
export function Inspector({ isWide }: { isWide: boolean }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const chosen = useDesigner((d) => d.chosen);
  const [only] = chosen;
  return (
    <div className={css.inspector} data-inspector>
      <div className={css.inspectorHead}>
        <h2 className={css.paneTitle}>
          {chosen.length > 1
            ? t("inspector.several", { count: chosen.length })
            : only
              ? t("inspector.title")
              : t("settings.title")}
        </h2>
        {chosen.length > 0 && (
          <Group gap={2}>
            {chosen.length === 1 && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t("inspector.duplicate")}
                onClick={() => duplicateChosen(store)}
              >
                <IconCopy size={17} aria-hidden />
              </ActionIcon>
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("inspector.remove")}
              onClick={() => removeChosen(store)}
            >
              <IconTrash size={17} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("inspector.close")}
              onClick={() => store.getState().choose([])}
            >
              <IconX size={17} aria-hidden />
            </ActionIcon>
          </Group>
        )}
      </div>
      {only && chosen.length === 1 && <StepForm key={only} id={only} />}
      {chosen.length === 0 && <WorkflowForm />}
      {!isWide && chosen.length > 0 && (
        <Stack p="md">
          <Button variant="default" onClick={() => store.getState().choose([])}>
            {t("inspector.close")}
          </Button>
        </Stack>
      )}
    </div>
  );
}
