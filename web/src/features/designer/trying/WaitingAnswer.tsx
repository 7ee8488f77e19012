import { Button, Group, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { FormField } from "~/shared/api/answers";
import { Field } from "~/shared/work/fields/Field";
import { formData, initialValues } from "~/shared/work/form-data";
import { visibleFields } from "~/shared/work/visible";
import type { Awaited } from "../api/simulation";
import { outcomesOf } from "../definition/outcomes";
import css from "../designer.module.css";
import { useStep } from "../store";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import type { Answer } from "./trial";

interface Props {
  awaited: Awaited;
  isBusy: boolean;
  onAnswer: (answer: Answer) => void;
}

/** What the trial waits for, to be answered for whoever would be asked. */
export function WaitingAnswer({ awaited, isBusy, onAnswer }: Props) {
  const t = useDesignerWords();
  const step = useStep(awaited.step_id);
  const { fields, options } = awaited.awaits;
  const stepId = awaited.step_id;
  const who = awaited.who.map(({ name }) => name).join(", ") || t("trying.nobody");
  const say = (value: unknown) => onAnswer({ stepId, kind: "answer", value });
  const labels = options ?? [];
  return (
    <section className={css.item} aria-label={t("trying.answer")}>
      <Text fw={600} size="sm">
        {t("trying.waits", { name: awaited.name })}
      </Text>
      <Text size="xs" c="dimmed" mb="sm">
        {t("trying.waitsFor", { who })}
      </Text>
      {awaited.type === "form" && fields ? (
        <FormAnswer fields={fields} isBusy={isBusy} onAnswer={say} />
      ) : (
        <Group gap="xs">
          {awaited.type === "routing" && labels.length > 0
            ? labels.map((label) => (
                <Button key={label} size="xs" variant="default" loading={isBusy} onClick={() => say(label)}>
                  {label}
                </Button>
              ))
            : (step ? outcomesOf(step) : []).map((outcome) => (
                <Button
                  key={outcome}
                  size="xs"
                  variant="default"
                  loading={isBusy}
                  onClick={() => onAnswer(answerOf(awaited, outcome))}
                >
                  {outcomeWord(outcome)}
                </Button>
              ))}
        </Group>
      )}
    </section>
  );
}

/** An approval is voted on by all who are asked; where nobody is, it is ended as an admin would. */
function answerOf({ type, step_id: stepId, awaits }: Awaited, outcome: string): Answer {
  const isVoted = type === "approval" && Array.isArray(awaits.approvers) && awaits.approvers.length > 0;
  if (isVoted && outcome === "approved") return { stepId, kind: "answer", value: "approve" };
  if (isVoted && outcome === "rejected") return { stepId, kind: "answer", value: { decision: "reject", comment: "-" } };
  if (type === "wait" && outcome === "received") return { stepId, kind: "answer", value: {} };
  return { stepId, kind: outcome === "timed_out" ? "answer" : "outcome", value: outcome };
}

function FormAnswer({
  fields,
  isBusy,
  onAnswer,
}: {
  fields: FormField[];
  isBusy: boolean;
  onAnswer: (values: unknown) => void;
}) {
  const t = useDesignerWords();
  const [values, setValues] = useState(() => initialValues(fields));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAnswer({ form_data: formData(fields, values) });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {visibleFields(fields, values).map((field) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name]}
            error={undefined}
            onChange={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))}
        <Button type="submit" size="xs" loading={isBusy}>
          {t("trying.answer")}
        </Button>
      </Stack>
    </form>
  );
}
