import { Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { SignInForm } from "~/features/sign-in/SignInForm";
import type { Me } from "~/shared/api/answers";
import { meQuery } from "~/shared/session/me";
import { useWords } from "~/shared/words";

/** When the session has ended: signing in again above the screen, on which everything stays as it was typed. */
export default function SessionEnded() {
  const t = useWords();
  const me = useQueryClient().getQueryData<Me>(meQuery.queryKey);
  return (
    <Modal
      opened
      centered
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      title={t("signIn.ended")}
    >
      <Stack>
        <Text size="sm" c="dimmed">
          {t("signIn.endedText")}
        </Text>
        <SignInForm email={me?.email} />
      </Stack>
    </Modal>
  );
}
