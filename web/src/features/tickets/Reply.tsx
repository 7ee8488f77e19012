import { Button, Group, Kbd, SegmentedControl, Text, Textarea } from "@mantine/core";
import { getHotkeyHandler } from "@mantine/hooks";
import { type FormEvent, useState } from "react";
import { useDraft } from "~/shared/drafts/drafts";
import { Failure } from "~/shared/look/Failure";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { useAddComment } from "./tickets";
import css from "./tickets.module.css";

type Visibility = "public" | "internal";
const NOTHING: { text: string; visibility: Visibility } = { text: "", visibility: "public" };

/** Answering: to everybody who sees the ticket, or among staff. What is typed is kept until it has been said. */
export function Reply({ ticketId }: { ticketId: string }) {
  const t = useWords();
  const me = useMe();
  const draft = useDraft(`reply:${ticketId}`, NOTHING);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const saying = useAddComment(ticketId);
  const { text, visibility } = draft.value;
  const isInternal = visibility === "internal";

  const submit = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (!text.trim() || saying.isPending) return;
    saying.mutate(
      { key, text, visibility },
      {
        onSuccess: () => {
          draft.forget();
          setKey(crypto.randomUUID());
        },
      },
    );
  };
  return (
    <form onSubmit={submit} onKeyDown={getHotkeyHandler([["mod+Enter", () => submit()]])} className={css.reply}>
      {isStaff(me) && (
        <SegmentedControl
          size="xs"
          mb="xs"
          aria-label={t("ticket.whoSees")}
          value={visibility}
          onChange={(value) => draft.change({ text, visibility: value as Visibility })}
          data={[
            { value: "public", label: t("ticket.publicReply") },
            { value: "internal", label: t("ticket.internalNote") },
          ]}
        />
      )}
      <Textarea
        aria-label={isInternal ? t("ticket.internalNote") : t("ticket.publicReply")}
        placeholder={isInternal ? t("ticket.notePlaceholder") : t("ticket.replyPlaceholder")}
        className={isInternal ? css.internal : undefined}
        autosize
        minRows={3}
        maxRows={16}
        maxLength={100_000}
        value={text}
        onChange={(event) => draft.change({ text: event.currentTarget.value, visibility })}
      />
      {saying.error && <Failure error={saying.error} title={t("work.notSent")} />}
      <Group mt="xs">
        <Button type="submit" loading={saying.isPending} disabled={!text.trim()}>
          {isInternal ? t("ticket.addNote") : t("ticket.sendReply")}
        </Button>
        <Text size="xs" c="dimmed" visibleFrom="sm">
          <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd>
        </Text>
      </Group>
    </form>
  );
}
