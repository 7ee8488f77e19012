import { Button, Select, Stack } from "@mantine/core";
import { isObject } from "../definition/shapes";
import css from "../designer.module.css";
import { actionWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";
import { Properties } from "./ObjectEditor";

/** A value of one of several kinds, as actions are: the kind, then its properties. */
export function VariantEditor({ control, label, help, required, value, error, onChange }: Editing<"variant">) {
  const t = useDesignerWords();
  const written = isObject(value) ? value : null;
  const word = written ? String(written[control.by] ?? "") : null;
  const chosen = control.variants.find(({ name }) => name === word || actionWord(name) === actionWord(word ?? ""));
  return (
    <fieldset className={css.ways}>
      <legend>{label}</legend>
      {help && <p className={css.help}>{help}</p>}
      <Stack gap="sm">
        <Select
          aria-label={label}
          data={control.variants.map(({ name }) => ({ value: name, label: actionWord(name) }))}
          value={chosen?.name ?? null}
          placeholder={t("editor.notSet")}
          searchable
          allowDeselect={false}
          description={chosen?.description}
          onChange={(name) => name && onChange({ [control.by]: name })}
        />
        {written && chosen && <Properties properties={chosen.properties} value={written} onChange={onChange} />}
      </Stack>
      {error && <p className={css.wrong}>{error}</p>}
      {written && !required && (
        <Button mt="xs" size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(undefined)}>
          {t("editor.clear")}
        </Button>
      )}
    </fieldset>
  );
}
