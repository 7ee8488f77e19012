import { ActionIcon, Button, Group, Stack } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { freeId } from "../definition/names";
import { isObject, type Json } from "../definition/shapes";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";
import { Properties } from "./ObjectEditor";

/** Several values with a label each, as branches and options are, in an order that counts. */
export function ListEditor({ control, label, help, required, value, error, onChange }: Editing<"list">) {
  const t = useDesignerWords();
  const items = (Array.isArray(value) ? value : []).filter(isObject);
  const write = (changed: Json[]) => onChange(changed.length > 0 || required ? changed : undefined);
  const add = () => {
    const name = freeId(
      items.map((item) => String(item.label ?? "")),
      "way",
    );
    const when = control.item.some((property) => property.name === "when") ? { when: { "ticket.priority": "P1" } } : {};
    write([...items, { label: name, ...when }]);
  };
  return (
    <fieldset className={css.ways}>
      <legend>
        {label}
        {required && " *"}
      </legend>
      {help && <p className={css.help}>{help}</p>}
      <Stack gap="sm">
        {items.map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the label is what is being edited
          <div key={index} className={css.item}>
            <ItemTools
              name={String(item.label ?? index + 1)}
              onUp={index > 0 ? () => write(swapped(items, index - 1)) : undefined}
              onDown={index < items.length - 1 ? () => write(swapped(items, index)) : undefined}
              onRemove={() => write(items.toSpliced(index, 1))}
            />
            <Properties
              properties={control.item}
              value={item}
              onChange={(changed) => write(items.with(index, changed))}
            />
          </div>
        ))}
        <div>
          <Button size="compact-sm" variant="light" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            {t("editor.add")}
          </Button>
        </div>
      </Stack>
      {error && <p className={css.wrong}>{error}</p>}
    </fieldset>
  );
}

interface ToolProps {
  name: string;
  onUp: (() => void) | undefined;
  onDown: (() => void) | undefined;
  onRemove: () => void;
}

/** Moving an item of a list, and taking it away. */
export function ItemTools({ name, onUp, onDown, onRemove }: ToolProps) {
  const t = useDesignerWords();
  return (
    <Group gap={2} justify="flex-end" mb={-4}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        disabled={!onUp}
        aria-label={t("editor.up", { name })}
        onClick={onUp}
      >
        <IconArrowUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        disabled={!onDown}
        aria-label={t("editor.down", { name })}
        onClick={onDown}
      >
        <IconArrowDown size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("editor.remove", { name })} onClick={onRemove}>
        <IconTrash size={14} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

/** The list with an item and the one after it changed places. */
export function swapped<T>(items: T[], index: number): T[] {
  return items.toSpliced(index, 2, items[index + 1] as T, items[index] as T);
}
