import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Refused } from "~/shared/api/refused";
import { useWords } from "~/shared/words";
import css from "./look.module.css";

/** What went wrong, in the server's words, with the request's id, and a way to try again where that may help. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const t = useWords();
  const refused = error instanceof Refused ? error : null;
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={title ?? t("failure.title")} role="alert">
      <Text size="sm">{refused?.message ?? t("failure.bug")}</Text>
      {!refused && error instanceof Error && <Text size="sm">{error.message}</Text>}
      <Group justify="space-between" mt={refused?.requestId || retry ? "xs" : 0}>
        {refused?.requestId && <span className={css.requestId}>{t("failure.request", { id: refused.requestId })}</span>}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            {t("failure.retry")}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
