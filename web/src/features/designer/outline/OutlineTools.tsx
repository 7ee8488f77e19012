import { ActionIcon, Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconCopy,
  IconDots,
  IconPlus,
  IconRowInsertTop,
  IconTrash,
} from "@tabler/icons-react";
import { duplicateChosen, removeChosen, usualSpot } from "../adding";
import { moveStep } from "../definition/edits";
import type { Line } from "../definition/outline";
import { useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { spotAfter } from "./outline-keys";

/** What can be done at the current line, by click. */
export function OutlineTools({ line }: { line: Line | null }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const add = () => store.setState((now) => ({ adding: line ? spotAfter(now, line) : usualSpot(now) }));
  const id = line?.kind === "step" ? line.id : null;
  const move = (places: number) => id && store.getState().change((now) => moveStep(now, id, places));
  return (
    <div style={{ display: "flex", gap: 2 }}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t("outline.addAfter")}
        title={t("outline.addAfter")}
        onClick={add}
      >
        <IconPlus size={17} aria-hidden />
      </ActionIcon>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t("top.more")} disabled={id === null}>
            <IconDots size={17} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconRowInsertTop size={16} aria-hidden />}
            onClick={() => id && store.setState({ adding: { before: id } })}
          >
            {t("outline.addBefore")}
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => duplicateChosen(store)}>
            {t("outline.duplicate")}
          </Menu.Item>
          <Menu.Item leftSection={<IconArrowUp size={16} aria-hidden />} onClick={() => move(-1)}>
            {t("outline.up")}
          </Menu.Item>
          <Menu.Item leftSection={<IconArrowDown size={16} aria-hidden />} onClick={() => move(1)}>
            {t("outline.down")}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => removeChosen(store)}>
            {t("outline.remove")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
