import { Button, Group, Stack, Textarea } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useRef, useState } from "react";
import type { StepInstance } from "~/shared/api/answers";
import { Refused } from "~/shared/api/refused";
import { useDraft } from "~/shared/drafts/drafts";
import { Failure } from "~/shared/look/Failure";
import { useWords } from "~/shared/words";
import { useComplete } from "./completing";
import { Votes } from "./Votes";
import css from "./work.module.css";

interface Props {
  itemId: string;
  step: StepInstance;
  onDone: () => void;
}

/** The votes so far, and one's own to cast. Who rejects is asked why. */
export function ApprovalWork({ itemId, step, onDone }: Props) {
  const t = useWords();
  const draft = useDraft(`vote:${itemId}`, "");
  const why = useRef<HTMLTextAreaElement>(null);
  const [asked, setAsked] = useState(false);
  const voting = useComplete(itemId);

  const vote = (decision: "approve" | "reject") => {
    if (decision === "reject" && !draft.value.trim()) {
      setAsked(true);
      why.current?.focus();
      return;
    }
    const comment = draft.value.trim();
    voting.mutate(comment ? { decision, comment } : { decision }, {
      onSuccess: () => {
        draft.forget();
        onDone();
      },
    });
  };
  const said = voting.error instanceof Refused ? voting.error.issues.find((issue) => issue.path === "comment") : null;
  return (
    <Stack gap="md">
      <Votes step={step} />
      <Textarea
        ref={why}
        label={asked ? t("approval.why") : t("approval.comment")}
        description={asked ? undefined : t("approval.commentHint")}
        error={said?.message ?? (asked && !draft.value.trim() ? t("approval.whyNeeded") : undefined)}
        className={css.why}
        autosize
        minRows={2}
        maxRows={10}
        maxLength={10_000}
        value={draft.value}
        onChange={(event) => draft.change(event.currentTarget.value)}
      />
      {voting.error && !said && <Failure error={voting.error} title={t("work.notSent")} />}
      <Group grow className={css.decide}>
        <Button
          size="md"
          className={css.approve}
          leftSection={<IconCheck size={18} aria-hidden />}
          loading={voting.isPending && voting.variables?.decision === "approve"}
          disabled={voting.isPending}
          onClick={() => vote("approve")}
        >
          {t("approval.approve")}
        </Button>
        <Button
          size="md"
          variant="default"
          className={css.reject}
          leftSection={<IconX size={18} aria-hidden />}
          loading={voting.isPending && voting.variables?.decision === "reject"}
          disabled={voting.isPending}
          onClick={() => vote("reject")}
        >
          {t("approval.reject")}
        </Button>
      </Group>
    </Stack>
  );
}
