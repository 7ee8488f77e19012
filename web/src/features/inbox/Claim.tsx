import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconLock, IconLockOpen } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import type { InboxItemInFull } from "~/shared/api/answers";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { tellFailed } from "~/shared/look/told";
import { useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { useClaim } from "./items";

const UNDO_MS = 5_000;

/** Taking a group's work for oneself and giving it back; either can be undone for five seconds. */
export function Claim({ item }: { item: InboxItemInFull }) {
  const t = useWords();
  const me = useMe();
  const { mutate, isPending } = useClaim(item.id, me);
  const isMine = item.claimed_by === me.id;
  const isOffered = !!item.group && item.kind !== "entry" && (isMine || !item.claimed_by);

  const change = useCallback(
    (take: boolean, undoable = true) =>
      mutate(take, {
        onError: tellFailed,
        onSuccess: () => {
          if (!undoable) return;
          const id = `claim-${item.id}`;
          const undo = () => {
            notifications.hide(id);
            change(!take, false);
          };
          notifications.show({
            id,
            autoClose: UNDO_MS,
            message: (
              <Group justify="space-between" wrap="nowrap">
                {take ? t("item.taken") : t("item.givenBack")}
                <Button size="compact-sm" variant="subtle" onClick={undo}>
                  {t("item.undo")}
                </Button>
              </Group>
            ),
          });
        },
      }),
    [mutate, item.id, t],
  );
  const shortcuts = useMemo(
    () =>
      isOffered ? [{ keys: "l", does: isMine ? t("item.giveBack") : t("item.take"), run: () => change(!isMine) }] : [],
    [isOffered, isMine, t, change],
  );
  useShortcuts(t("item.title"), shortcuts);
  if (!isOffered) return null;
  const Icon = isMine ? IconLockOpen : IconLock;
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon size={15} aria-hidden />}
      disabled={isPending}
      onClick={() => change(!isMine)}
    >
      {isMine ? t("item.giveBack") : t("item.take")}
    </Button>
  );
}
