import { Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Failure } from "~/shared/look/Failure";
import { moveRuns } from "../api/templates";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";

/** Which runs under way can go on by a version, and letting them. */
export function MoveRuns({ id, version }: { id: string; version: number }) {
  const t = useDesignerWords();
  const moving = useMutation({ mutationFn: (dryRun: boolean) => moveRuns(id, version, dryRun) });
  const { data, error, isPending, variables: wasDry } = moving;
  const total = (data?.runs.length ?? 0) + (data?.remaining ?? 0);
  const staying = data?.runs.filter(({ movable }) => !movable) ?? [];
  return (
    <section className={css.version}>
      <b>{t("versions.moveTitle")}</b>
      <Stack gap="xs" mt="xs" align="start">
        {!data && (
          <Button size="compact-sm" variant="light" loading={isPending} onClick={() => moving.mutate(true)}>
            {t("versions.check", { n: version })}
          </Button>
        )}
        {error && <Failure error={error} />}
        {data && total === 0 && <Text size="sm">{t("versions.allThere", { n: version })}</Text>}
        {data && total > 0 && (
          <Text size="sm">
            {wasDry
              ? t("versions.movable", { movable: data.movable, total, n: version })
              : t("versions.moved", { count: data.moved })}
          </Text>
        )}
        {staying.map(({ run_id, obstacles }) => (
          <Text key={run_id} size="xs" c="dimmed">
            {t("versions.stays", { id: run_id.slice(0, 8), why: obstacles.map(({ message }) => message).join(" ") })}
          </Text>
        ))}
        {data && wasDry && data.movable > 0 && (
          <Button size="compact-sm" loading={isPending} onClick={() => moving.mutate(false)}>
            {t("versions.move", { count: data.movable })}
          </Button>
        )}
      </Stack>
    </section>
  );
}
