import { Button, Container, Group, Stack } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Failure } from "~/shared/look/Failure";
import { useWords } from "~/shared/words";

/** Instead of a screen that broke: why, and two ways on. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const t = useWords();
  return (
    <Container size="xs" py="xl">
      <Stack>
        <Failure error={error} title={t("failure.screen")} />
        <Group>
          <Button onClick={reset}>{t("failure.retry")}</Button>
          <Button variant="default" onClick={() => location.reload()}>
            {t("failure.reload")}
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
