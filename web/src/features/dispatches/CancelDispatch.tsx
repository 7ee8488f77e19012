import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBan } from "@tabler/icons-react";
import { useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { tellDone } from "~/shared/look/told";
import { useWords } from "~/shared/words";
import { useCancel } from "./dispatches";
import { useMessageWords } from "./words/words";

/** Ending a message for everybody; asks first. */
export function CancelDispatch({ runId }: { runId: string }) {
  const t = useMessageWords();
  const words = useWords();
  const [isOpen, { open, close }] = useDisclosure();
  const [reason, setReason] = useState("");
  const cancelling = useCancel(runId);
  const cancel = () =>
    cancelling.mutate(reason, {
      onSuccess: () => {
        close();
        tellDone(t("board.cancelled"));
      },
    });
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconBan size={15} aria-hidden />} onClick={open}>
        {t("board.cancel")}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t("board.cancelTitle")}
        closeButtonProps={{ "aria-label": words("close") }}
      >
        <Stack>
          <Text size="sm">{t("board.cancelText")}</Text>
          <Textarea
            label={t("board.reason")}
            data-autofocus
            autosize
            minRows={2}
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {cancelling.error && <Failure error={cancelling.error} title={t("board.notCancelled")} />}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              {t("board.keep")}
            </Button>
            <Button color="red" loading={cancelling.isPending} onClick={cancel}>
              {t("board.cancelNow")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
