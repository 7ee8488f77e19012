import { Button, Kbd, Stack } from "@mantine/core";
import { useMemo } from "react";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { Failure } from "~/shared/look/Failure";
import { useWords } from "~/shared/words";
import { useComplete } from "./completing";

interface Props {
  itemId: string;
  options: string[];
  onDone: () => void;
}

/** Where it goes: a button an option, and the keys 1 to 9. */
export function RoutingWork({ itemId, options, onDone }: Props) {
  const t = useWords();
  const { mutate, isPending, variables, error } = useComplete(itemId);
  const shortcuts = useMemo(
    () =>
      options.slice(0, 9).map((option, index) => ({
        keys: String(index + 1),
        does: option,
        run: () => mutate({ option }, { onSuccess: onDone }),
      })),
    [options, mutate, onDone],
  );
  useShortcuts(t("shortcuts.options"), shortcuts);
  return (
    <Stack gap="xs">
      {options.map((option, index) => (
        <Button
          key={option}
          variant="default"
          size="md"
          justify="space-between"
          rightSection={
            index < 9 ? (
              <Kbd size="xs" visibleFrom="sm">
                {index + 1}
              </Kbd>
            ) : undefined
          }
          loading={isPending && variables?.option === option}
          disabled={isPending}
          onClick={() => mutate({ option }, { onSuccess: onDone })}
        >
          {option}
        </Button>
      ))}
      {error && <Failure error={error} title={t("work.notSent")} />}
    </Stack>
  );
}
