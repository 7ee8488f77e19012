import { Checkbox, MultiSelect, Radio, Select, Stack } from "@mantine/core";
import { useWords } from "~/shared/words";
import { type FieldProps, inputProps, optionsOf } from "./props";

const SHOWN_AT_ONCE = 4;

/** A box to tick. */
export function TickField(props: FieldProps) {
  const { withAsterisk, label, ...rest } = inputProps(props);
  return (
    <Checkbox
      {...rest}
      label={withAsterisk ? `${label} *` : label}
      checked={props.value === true}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  );
}

/** One of several: all of them at once when they are few, else a list to open. */
export function ChoiceField(props: FieldProps) {
  const t = useWords();
  const { name, id, "aria-required": _, ...rest } = inputProps(props);
  const options = optionsOf(props.field);
  const value = String(props.value ?? "") || null;
  if (options.length > SHOWN_AT_ONCE) {
    return (
      <Select
        {...inputProps(props)}
        data={options}
        value={value}
        onChange={props.onChange}
        placeholder={props.field.placeholder ?? t("work.choose")}
        searchable={options.length > 8}
        clearable={!props.field.required}
      />
    );
  }
  return (
    <Radio.Group {...rest} id={id} name={name} value={value ?? ""} onChange={props.onChange}>
      <Stack gap="xs" mt={6}>
        {options.map((option) => (
          <Radio key={option.value} {...option} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** Any number of several. */
export function SeveralField(props: FieldProps) {
  const t = useWords();
  const options = optionsOf(props.field);
  const value = Array.isArray(props.value) ? props.value.map(String) : [];
  return (
    <MultiSelect
      {...inputProps(props)}
      data={options}
      value={value}
      onChange={props.onChange}
      placeholder={value.length ? undefined : (props.field.placeholder ?? t("work.chooseSeveral"))}
      searchable={options.length > 8}
      hidePickedOptions
    />
  );
}
