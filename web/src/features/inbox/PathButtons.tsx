import { Button, Kbd, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { ItemPath } from "~/shared/api/answers";
import { type HandedOver, keepHandedOver } from "~/shared/dispatches/handed-over";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { Failure } from "~/shared/look/Failure";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { useChoose } from "~/shared/work/completing";

interface Props {
  id: string;
  paths: ItemPath[];
  disabled: boolean;
}

/** An entry's paths: a button each, and the keys 1 to 9. */
export function PathButtons({ id, paths, disabled }: Props) {
  const t = useWords();
  const me = useMe();
  const navigate = useNavigate();
  const { mutate, isPending, variables, error } = useChoose(id);
  const choose = useCallback(
    (path: string) =>
      mutate(path, {
        onSuccess: (answer) => {
          // A path may hand a message over, to be looked at and sent on; requesters send none.
          const [handed] = (answer.data.behaviors as unknown as HandedOver[]) ?? [];
          if (handed?.body && isStaff(me))
            void navigate({ to: "/messages/new", search: { from: keepHandedOver(handed) } });
        },
      }),
    [mutate, me, navigate],
  );
  const shortcuts = useMemo(
    () =>
      disabled
        ? []
        : paths
            .slice(0, 9)
            .map(({ label }, index) => ({ keys: String(index + 1), does: label, run: () => choose(label) })),
    [paths, disabled, choose],
  );
  useShortcuts(t("shortcuts.options"), shortcuts);
  if (paths.length === 0) return <Text c="dimmed">{t("item.noPaths")}</Text>;
  return (
    <Stack gap="xs">
      {paths.map((path, index) => (
        <Button
          key={path.label}
          variant={index === 0 ? "filled" : "default"}
          size="md"
          justify="space-between"
          rightSection={
            index < 9 ? (
              <Kbd size="xs" visibleFrom="sm">
                {index + 1}
              </Kbd>
            ) : undefined
          }
          disabled={disabled || path.disabled || isPending}
          loading={isPending && variables === path.label}
          onClick={() => choose(path.label)}
        >
          {path.label}
        </Button>
      ))}
      {error && <Failure error={error} title={t("work.notSent")} />}
    </Stack>
  );
}
