import { Stack } from "@mantine/core";
import type { FormField } from "~/shared/api/answers";
import { Field } from "~/shared/work/fields/Field";
import type { FormValues } from "~/shared/work/form-data";
import { visibleFields } from "~/shared/work/visible";
import css from "./dispatches.module.css";
import { useMessageWords } from "./words/words";

interface Props {
  fields: FormField[];
  values: FormValues;
  wrong: Record<string, string>;
  onChange: (values: FormValues) => void;
}

/** What the path asks of whoever hands the message on. */
export function Asked({ fields, values, wrong, onChange }: Props) {
  const t = useMessageWords();
  return (
    <fieldset className={css.values}>
      <legend>{t("compose.asked")}</legend>
      <Stack gap="sm">
        {visibleFields(fields, values).map((field) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name]}
            error={wrong[field.name]}
            onChange={(value) => onChange({ ...values, [field.name]: value })}
          />
        ))}
      </Stack>
    </fieldset>
  );
}
