import { ActionIcon, Button, Group, Indicator, Popover, ScrollArea, Text } from "@mantine/core";
import { IconBell, IconBellOff } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { Notice } from "./Notice";
import { useMarkRead, useNotices } from "./notices";

/** The bell: what one was told lately. */
export function NotificationsMenu() {
  const t = useWords();
  const [opened, setOpened] = useState(false);
  const { data, error, refetch } = useNotices();
  const markRead = useMarkRead();
  const unread = data?.meta.unread ?? 0;
  const label = unread ? t("notices.labelUnread", { count: unread }) : t("notices.label");
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={360} trapFocus shadow="md">
      <Popover.Target>
        <Indicator disabled={!unread} color="red" size={9} offset={7} zIndex={1}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={label}
            aria-expanded={opened}
            onClick={() => setOpened(!opened)}
          >
            <IconBell size={20} aria-hidden />
          </ActionIcon>
        </Indicator>
      </Popover.Target>
      <Popover.Dropdown p={0} maw="calc(100vw - 16px)" role="dialog" aria-label={t("notices.label")}>
        <Group justify="space-between" p="xs" pl="md">
          <Text fw={600}>{t("notices.label")}</Text>
          <Button variant="subtle" size="compact-sm" disabled={!unread} onClick={() => markRead.mutate("all")}>
            {t("notices.readAll")}
          </Button>
        </Group>
        <ScrollArea.Autosize mah="min(70vh, 480px)">
          {error && <Failure error={error} retry={() => void refetch()} />}
          {!data && !error && <Waiting rows={3} />}
          {data?.data.length === 0 && (
            <Empty icon={IconBellOff} title={t("notices.none")} text={t("notices.noneText")} />
          )}
          {data?.data.map((notice) => (
            <Notice
              key={notice.id}
              notice={notice}
              onOpen={() => {
                if (!notice.read) markRead.mutate([notice.id]);
                setOpened(false);
              }}
            />
          ))}
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
