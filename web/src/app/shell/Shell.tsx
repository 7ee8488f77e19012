import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { useShortcutKeys } from "~/shared/keys/shortcuts";
import { followLive } from "~/shared/live/stream";
import { useSessionState } from "~/shared/session/ended";
import { useWords } from "~/shared/words";
import { Header } from "./Header";
import { Navigation } from "./Navigation";
import css from "./shell.module.css";
import { useShellShortcuts } from "./useShellShortcuts";

const CommandPalette = lazy(() => import("./CommandPalette"));
const SessionEnded = lazy(() => import("./SessionEnded"));
const ShortcutList = lazy(() => import("./ShortcutList"));

export type Opened = "palette" | "shortcuts" | null;

/** What is around every screen: where one can go, news, oneself; and what lies above it while it is open. */
export function Shell({ children }: { children: ReactNode }) {
  const t = useWords();
  const client = useQueryClient();
  const [opened, setOpened] = useState<Opened>(null);
  const ended = useSessionState((session) => session.ended);
  const main = useFocusOnArrival();
  useEffect(() => followLive(client), [client]);
  useShortcutKeys();
  useShellShortcuts(setOpened);
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#main">
        {t("shell.skip")}
      </a>
      <Header onSearch={() => setOpened("palette")} onShortcuts={() => setOpened("shortcuts")} />
      <Navigation />
      <main id="main" ref={main} tabIndex={-1} className={css.main}>
        {children}
      </main>
      <Suspense>
        {opened === "palette" && <CommandPalette onClose={() => setOpened(null)} />}
        {opened === "shortcuts" && <ShortcutList onClose={() => setOpened(null)} />}
        {ended && <SessionEnded />}
      </Suspense>
    </div>
  );
}

/** The content gets the focus when another screen is come to, as it would on a page of its own. */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const screen = useLocation({ select: ({ pathname }) => pathname.split("/")[1] });
  const shown = useRef(screen);
  useEffect(() => {
    if (shown.current !== screen) main.current?.focus({ preventScroll: true });
    shown.current = screen;
  }, [screen]);
  return main;
}
