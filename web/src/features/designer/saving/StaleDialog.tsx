import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { createDraft, type Template } from "../api/templates";
import { differenceOf } from "../definition/difference";
import { merged } from "../definition/merging";
import { DifferenceView } from "../look/DifferenceView";
import { useDefinition } from "../store";
import { useDesignerWords } from "../words/words";
import type { Saving } from "./useSaving";

/** Two people have changed the same workflow: what differs, and the ways on. Nothing is lost by any of them: taking
 * theirs can be undone, too. */
export function StaleDialog({ saving, theirs }: { saving: Saving; theirs: Template }) {
  const t = useDesignerWords();
  const navigate = useNavigate();
  const mine = useDefinition();
  const [error, setError] = useState<unknown>(null);
  const [key] = useState(() => crypto.randomUUID());
  const difference = useMemo(() => differenceOf(theirs.definition, mine), [theirs, mine]);
  const both = useMemo(() => merged(saving.base, mine, theirs.definition), [saving.base, mine, theirs]);
  const on = { revision: theirs.revision, base: theirs.definition };
  const copy = async () => {
    try {
      const name = t("stale.copyName", { name: mine.name ?? theirs.name });
      const made = await createDraft({ ...mine, name }, key);
      saving.goOn({ ...on, definition: theirs.definition });
      notifications.show({ message: t("stale.copied") });
      await navigate({ to: "/templates/$templateId", params: { templateId: made.id } });
    } catch (cause) {
      setError(cause);
    }
  };
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t("stale.title")}
      size="lg"
    >
      <Stack gap="md">
        <Text size="sm">{t("stale.text")}</Text>
        <DifferenceView difference={difference} />
        <Text size="sm" c="dimmed">
          {both.conflicts.length === 0
            ? t("stale.mergeText")
            : t("stale.conflicts", { what: both.conflicts.join(", ") })}
        </Text>
        {error !== null && <Failure error={error} title={t("stale.failed")} />}
        <Group gap="xs" justify="flex-end">
          <Button variant="default" onClick={() => void copy()}>
            {t("stale.copy")}
          </Button>
          <Button variant="default" onClick={() => saving.goOn({ ...on, definition: theirs.definition })}>
            {t("stale.theirs")}
          </Button>
          <Button variant="default" onClick={() => saving.goOn(on)}>
            {t("stale.mine")}
          </Button>
          <Button data-autofocus onClick={() => saving.goOn({ ...on, definition: both.definition })}>
            {t("stale.merge")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
