import { Alert, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { InboxItemInFull } from "~/shared/api/answers";
import { useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { StepWork } from "~/shared/work/StepWork";
import { PathButtons } from "./PathButtons";

/** What the item asks of the reader, or who has it. */
export function ItemWork({ item, onDone }: { item: InboxItemInFull; onDone: () => void }) {
  const t = useWords();
  const me = useMe();
  const holder = item.locked_by && item.locked_by.id !== me.id ? item.locked_by : null;
  if (item.kind === "entry") {
    return (
      <>
        {holder && (
          <Alert color="gray" icon={<IconLock />} mb="sm">
            {t("item.takenBy", { name: holder.name })}
          </Alert>
        )}
        <PathButtons id={item.id} paths={item.paths ?? []} disabled={holder !== null} />
      </>
    );
  }
  if (holder) {
    return (
      <Alert color="gray" icon={<IconLock />}>
        {t("item.takenBy", { name: holder.name })}
      </Alert>
    );
  }
  if (!item.step) return <Text c="dimmed">{t("work.unknown")}</Text>;
  return <StepWork itemId={item.id} step={item.step} onDone={onDone} />;
}
