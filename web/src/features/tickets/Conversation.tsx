import { Button, Stack, Text } from "@mantine/core";
import type { TicketInFull } from "~/shared/api/answers";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { Message } from "./Message";
import { Reply } from "./Reply";
import { useComments } from "./tickets";

/** What was said, beginning with what the ticket is about, and the place to answer. */
export function Conversation({ ticket }: { ticket: TicketInFull }) {
  const t = useWords();
  const { data: comments, error, isPending, refetch, hasNextPage, fetchNextPage } = useComments(ticket.id);
  return (
    <Stack gap="sm">
      <Message
        author={ticket.requester_name ?? t("people.somebody")}
        at={ticket.created_at}
        text={ticket.description || t("ticket.noDescription")}
      />
      {isPending && <Waiting rows={2} />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {comments?.map((comment) => (
        <Message
          key={comment.id}
          author={comment.author_name ?? t("people.wayline")}
          at={comment.created_at}
          text={comment.text}
          isInternal={comment.visibility === "internal"}
        />
      ))}
      {hasNextPage && (
        <Button variant="default" onClick={() => void fetchNextPage()}>
          {t("ticket.moreComments")}
        </Button>
      )}
      {comments?.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("ticket.noComments")}
        </Text>
      )}
      <Reply ticketId={ticket.id} />
    </Stack>
  );
}
