import { Button, Stack } from "@mantine/core";
import { type Property, withValue } from "../definition/property-form";
import { isObject, type Json } from "../definition/shapes";
import css from "../designer.module.css";
import { propertyWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";
import { PropertyField } from "./PropertyField";

/** A value with properties of its own. */
export function ObjectEditor({ control, label, help, required, value, error, onChange }: Editing<"object">) {
  const t = useDesignerWords();
  const isSet = isObject(value);
  return (
    <fieldset className={css.ways}>
      <legend>{label}</legend>
      {help && <p className={css.help}>{help}</p>}
      {error && <p className={css.wrong}>{error}</p>}
      {isSet || required ? (
        <Properties properties={control.properties} value={isSet ? value : {}} onChange={onChange} />
      ) : (
        <Button size="compact-sm" variant="light" onClick={() => onChange({})}>
          {t("editor.set")}
        </Button>
      )}
      {isSet && !required && (
        <Button mt="xs" size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(undefined)}>
          {t("editor.clear")}
        </Button>
      )}
    </fieldset>
  );
}

interface Props {
  properties: Property[];
  value: Json;
  onChange: (value: Json) => void;
}

/** The fields of an object's properties. */
export function Properties({ properties, value, onChange }: Props) {
  return (
    <Stack gap="sm">
      {properties.map((property) => (
        <PropertyField
          key={property.name}
          property={property}
          label={propertyWord(property.name)}
          value={value[property.name]}
          problems={[]}
          onChange={(next) => onChange(withValue(value, property, next))}
        />
      ))}
    </Stack>
  );
}
