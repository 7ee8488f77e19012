import { Stack, Text } from "@mantine/core";
import type { StepInstance } from "~/shared/api/answers";
import { Facts } from "~/shared/look/Facts";
import { Votes } from "~/shared/work/Votes";
import { given } from "./given";

/** What a completed step came to: a form's values, the votes, an error. */
export function StepOutput({ step }: { step: StepInstance }) {
  return (
    <Stack gap="sm">
      {step.form_data && <Facts rows={given(step)} />}
      {!!step.votes?.length && <Votes step={step} />}
      {!!step.error && (
        <Text size="sm" c="red">
          {typeof step.error === "string" ? step.error : JSON.stringify(step.error)}
        </Text>
      )}
    </Stack>
  );
}
