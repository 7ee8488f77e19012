import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { useShortcutList } from "~/shared/keys/shortcuts";
import { useWords } from "~/shared/words";
import css from "./shell.module.css";

/** The keys that do something on the present screen. */
export default function ShortcutList({ onClose }: { onClose: () => void }) {
  const t = useWords();
  const groups = useShortcutList((list) => list.groups);
  const always = { title: "", shortcuts: [{ keys: "Ctrl K", does: t("shell.search") }] };
  return (
    <Modal
      opened
      centered
      onClose={onClose}
      title={t("shortcuts.title")}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <Stack gap="lg">
        {[...groups.values(), always].map((group) => (
          <div key={group.title}>
            {group.title && (
              <Text fw={600} size="sm" mb={6}>
                {group.title}
              </Text>
            )}
            <ul className={css.shortcuts}>
              {group.shortcuts.map((shortcut) => (
                <li key={shortcut.keys}>
                  <span>{shortcut.does}</span>
                  <Group gap={4} wrap="nowrap">
                    {shortcut.keys.split(" ").map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </Group>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </Stack>
    </Modal>
  );
}
