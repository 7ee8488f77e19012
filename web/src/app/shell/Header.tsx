import { ActionIcon, Group, Kbd, UnstyledButton } from "@mantine/core";
import { IconKeyboard, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useWords } from "~/shared/words";
import { HeaderMenus } from "./HeaderMenus";
import { LiveBadge } from "./LiveBadge";
import css from "./shell.module.css";

interface Props {
  onSearch: () => void;
  onShortcuts: () => void;
}

/** The bar on top: the name, finding, news, oneself. */
export function Header({ onSearch, onShortcuts }: Props) {
  const t = useWords();
  return (
    <header className={css.header}>
      <Link to="/" className={css.brand}>
        <img src="/wayline.svg" alt="" width="26" height="26" />
        <span>Wayline</span>
      </Link>
      <UnstyledButton className={css.search} onClick={onSearch}>
        <IconSearch size={16} aria-hidden />
        <span>{t("shell.search")}</span>
        <Kbd size="xs" aria-hidden className={css.searchKey}>
          Ctrl K
        </Kbd>
      </UnstyledButton>
      <Group gap={4} wrap="nowrap" className={css.own}>
        <LiveBadge />
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          visibleFrom="md"
          aria-label={t("shortcuts.title")}
          title={t("shortcuts.title")}
          onClick={onShortcuts}
        >
          <IconKeyboard size={20} aria-hidden />
        </ActionIcon>
        <HeaderMenus />
      </Group>
    </header>
  );
}
