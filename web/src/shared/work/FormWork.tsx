import { Button, Group, Kbd, Stack, Text } from "@mantine/core";
import { getHotkeyHandler } from "@mantine/hooks";
import { type FormEvent, useMemo, useState } from "react";
import type { FormField } from "~/shared/api/answers";
import { Refused } from "~/shared/api/refused";
import { useDraft } from "~/shared/drafts/drafts";
import { Failure } from "~/shared/look/Failure";
import { useWords } from "~/shared/words";
import { useComplete } from "./completing";
import { Field } from "./fields/Field";
import { fieldId } from "./fields/props";
import { formData, initialValues, issuesByField, missing } from "./form-data";
import { visibleFields } from "./visible";

interface Props {
  itemId: string;
  fields: FormField[];
  onDone: () => void;
}

/** A form to fill in. What is typed is kept in this browser until it has been sent. */
export default function FormWork({ itemId, fields, onDone }: Props) {
  const t = useWords();
  const initial = useMemo(() => initialValues(fields), [fields]);
  const draft = useDraft(`form:${itemId}`, initial);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const sending = useComplete(itemId);
  const shown = visibleFields(fields, draft.value);

  const show = (found: Record<string, string>) => {
    setWrong(found);
    const first = shown.find((field) => found[field.name]);
    if (first) document.getElementById(fieldId(first.name))?.focus();
  };
  const submit = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (sending.isPending) return;
    const empty = missing(fields, draft.value, (label) => t("work.isRequired", { label }));
    if (Object.keys(empty).length > 0) return show(empty);
    sending.mutate(
      { form_data: formData(fields, draft.value) },
      {
        onSuccess: () => {
          draft.forget();
          onDone();
        },
        onError: (error) => show(error instanceof Refused ? issuesByField(error.issues) : {}),
      },
    );
  };
  const change = (name: string, value: unknown) => {
    draft.change({ ...draft.value, [name]: value });
    setWrong(({ [name]: _, ...others }) => others);
  };
  const elsewhere = sending.error && !shown.some((field) => wrong[field.name]);

  return (
    <form onSubmit={submit} onKeyDown={getHotkeyHandler([["mod+Enter", () => submit()]])} noValidate>
      <Stack gap="md">
        {draft.restored && (
          <Text size="sm" c="dimmed">
            {t("work.restored")}
          </Text>
        )}
        {shown.map((field) => (
          <Field
            key={field.name}
            field={field}
            value={draft.value[field.name]}
            error={wrong[field.name]}
            onChange={(value) => change(field.name, value)}
          />
        ))}
        {elsewhere && <Failure error={sending.error} title={t("work.notSent")} />}
        <Group gap="sm">
          <Button type="submit" loading={sending.isPending}>
            {t("work.submit")}
          </Button>
          <Text size="xs" c="dimmed" visibleFrom="sm">
            <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd>
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
