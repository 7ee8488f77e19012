import { Button, Group, Modal, Skeleton, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { publishDraft, type Template, useForgetTemplates, useVersion } from "../api/templates";
import { differenceOf, isSame } from "../definition/difference";
import css from "../designer.module.css";
import { DifferenceView } from "../look/DifferenceView";
import type { Saving } from "../saving/useSaving";
import { useDefinition, useDesigner, useDesignerStore } from "../store";
import { ProblemList } from "../top/ProblemsButton";
import { useDesignerWords } from "../words/words";

interface Props {
  template: Template;
  saving: Saving;
  onClose: () => void;
}

/** Publishing: what is new against the version in force, whom it reaches, and a note. */
export function PublishDialog({ template, saving, onClose }: Props) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const definition = useDefinition();
  const [note, setNote] = useState("");
  const [version, setVersion] = useState(template.version);
  const published = useVersion(template.id, version);
  const difference = useMemo(
    () => (published.data ? differenceOf(published.data.definition, definition) : null),
    [published.data, definition],
  );
  const errors = useDesigner((d) => d.problems).filter(({ severity }) => severity === "error");
  const forget = useForgetTemplates();
  const next = version + 1;
  const publishing = useMutation({
    mutationFn: async () => {
      if (!(await saving.flush())) throw new Error(t("saved.refused"));
      return publishDraft(template.id, saving.current().revision, note);
    },
    onSuccess: (after) => {
      saving.arrived({ revision: after.revision, base: store.getState().history.present });
      template.version = after.version;
      setVersion(after.version);
      forget(template.id);
      notifications.show({ color: "teal", message: t("publishing.published", { n: after.version }) });
      onClose();
    },
  });
  const isUnchanged = difference !== null && isSame(difference);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("publishing.title")}
      size="lg"
      closeButtonProps={{ "aria-label": t("inspector.close") }}
    >
      <Stack gap="md">
        <Text size="sm">
          {version === null
            ? t("publishing.first")
            : isUnchanged
              ? t("publishing.same")
              : t("publishing.nth", { n: next })}
        </Text>
        {version > 0 &&
          !isUnchanged &&
          (difference ? <DifferenceView difference={difference} /> : <Skeleton height={80} />)}
        {errors.length > 0 && (
          <section aria-label={t("publishing.errors")}>
            <h3 className={css.paneTitle}>{t("publishing.errors")}</h3>
            <ProblemList problems={errors} onGone={onClose} />
          </section>
        )}
        {version > 0 && (
          <Text size="sm" c="dimmed">
            {template.active_instances > 0
              ? `${t("publishing.running", { count: template.active_instances })} ${t("publishing.afterwards")}`
              : t("publishing.noRuns")}
          </Text>
        )}
        <Textarea
          label={t("publishing.note")}
          placeholder={t("publishing.notePlaceholder")}
          autosize
          minRows={2}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-autofocus
        />
        {publishing.error && <Failure error={publishing.error} title={t("publishing.notPublished")} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("publishing.cancel")}
          </Button>
          <Button
            loading={publishing.isPending}
            disabled={errors.length > 0 || isUnchanged}
            onClick={() => publishing.mutate()}
          >
            {t("publishing.publish", { n: next })}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
