import { useHotkeys } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import type { Opened } from "./Shell";

/** The keys that work on every screen. */
export function useShellShortcuts(open: (what: Opened) => void): void {
  const t = useWords();
  const navigate = useNavigate();
  const sends = isStaff(useMe());
  const shortcuts = useMemo(
    () => [
      { keys: "g h", does: t("nav.home"), run: (): void => void navigate({ to: "/" }) },
      { keys: "g i", does: t("nav.inbox"), run: (): void => void navigate({ to: "/inbox" }) },
      { keys: "g t", does: t("nav.tickets"), run: (): void => void navigate({ to: "/tickets" }) },
      ...(sends ? [{ keys: "g m", does: t("nav.messages"), run: (): void => void navigate({ to: "/messages" }) }] : []),
      { keys: "c", does: t("tickets.new"), run: (): void => void navigate({ to: "/tickets/new" }) },
      { keys: "?", does: t("shortcuts.title"), run: (): void => open("shortcuts") },
    ],
    [t, navigate, open, sends],
  );
  useShortcuts(t("shortcuts.everywhere"), shortcuts);
  useHotkeys([["mod+K", () => open("palette")]], [], true);
}
