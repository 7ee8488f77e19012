import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import { useWords } from "~/shared/words";

/** The outline of rows that are on their way. */
export function Waiting({ rows = 5, height = 56 }: { rows?: number; height?: number }) {
  const t = useWords();
  const keys = Array.from({ length: rows }, (_, row) => `row-${row}`);
  return (
    <Stack gap="sm" p="md" aria-busy="true">
      <VisuallyHidden role="status">{t("waiting")}</VisuallyHidden>
      {keys.map((key) => (
        <Skeleton key={key} height={height} />
      ))}
    </Stack>
  );
}
