import { Group, Progress, Stack, Text } from "@mantine/core";
import { IconCircle, IconThumbDown, IconThumbUp } from "@tabler/icons-react";
import type { StepInstance } from "~/shared/api/answers";
import { When } from "~/shared/look/When";
import { useNames } from "~/shared/people/people";
import { useWords } from "~/shared/words";
import css from "./work.module.css";

/** Who has decided what, who is still asked, and how far it is to the quorum. */
export function Votes({ step }: { step: StepInstance }) {
  const t = useWords();
  const votes = step.votes ?? [];
  const approvers = step.approvers ?? step.candidates ?? [];
  const voters = votes.map((vote) => vote.on_behalf_of ?? vote.by);
  const undecided = step.status === "active" ? approvers.filter((id) => !voters.includes(id)) : [];
  const nameOf = useNames([...votes.flatMap((vote) => [vote.by, vote.on_behalf_of]), ...undecided]);
  const agreed = votes.filter((vote) => vote.decision === "approved").length;
  const needed = step.needed ?? 0;

  return (
    <Stack gap="xs">
      {needed > 1 && (
        <div>
          <Text size="sm" mb={4}>
            {t("approval.progress", { agreed, needed })}
          </Text>
          <Progress
            value={(100 * agreed) / needed}
            color="teal"
            aria-label={t("approval.progress", { agreed, needed })}
          />
        </div>
      )}
      <ul className={css.votes}>
        {votes.map((vote) => (
          <li key={`${vote.by}-${vote.at}`} data-decision={vote.decision}>
            {vote.decision === "approved" ? (
              <IconThumbUp size={16} aria-hidden />
            ) : (
              <IconThumbDown size={16} aria-hidden />
            )}
            <div>
              <Group gap={6}>
                <strong>{nameOf(vote.by)}</strong>
                <span>{t(`approval.${vote.decision}`)}</span>
                {vote.on_behalf_of && vote.on_behalf_of !== vote.by && (
                  <span>{t("approval.onBehalfOf", { name: nameOf(vote.on_behalf_of) })}</span>
                )}
                <When at={vote.at} className={css.soft} />
              </Group>
              {vote.comment && <p className={css.said}>{vote.comment}</p>}
            </div>
          </li>
        ))}
        {undecided.map((id) => (
          <li key={id}>
            <IconCircle size={16} aria-hidden />
            <span>
              {nameOf(id)} <span className={css.soft}>{t("approval.undecided")}</span>
            </span>
          </li>
        ))}
      </ul>
    </Stack>
  );
}
