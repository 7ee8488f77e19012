import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { PageHead } from "~/shared/look/PageHead";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { InboxFilters } from "./InboxFilters";
import { ItemList } from "./ItemList";
import css from "./inbox.module.css";
import { useItems, useLeaveList } from "./items";
import { NothingOpen } from "./NothingOpen";

const BulkBar = lazy(() => import("./BulkBar"));
const ItemPanel = lazy(() => import("./ItemPanel"));

/** Everything that waits for the reader: the list, and beside it (on a phone instead of it) the item that is open. */
export function InboxScreen() {
  const t = useWords();
  const search = useSearch({ from: "/signed-in/inbox" });
  const { itemId } = useParams({ strict: false });
  const navigate = useNavigate();
  const list = useItems(search);
  const { items } = list;
  const leaveList = useLeaveList();

  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (id: string) =>
      setChosen((now) => (now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set(now).add(id))),
    [],
  );
  const leave = (ids: string[]) => setChosen((now) => new Set([...now].filter((id) => !ids.includes(id))));
  const [hasChosen, setHasChosen] = useState(false);
  if (chosen.size > 0 && !hasChosen) setHasChosen(true);

  const open = useCallback(
    (id: string | undefined) =>
      void navigate(id ? { to: "/inbox/$itemId", params: { itemId: id }, search } : { to: "/inbox", search }),
    [navigate, search],
  );
  const beside = useCallback(
    (steps: number) => {
      const at = items.findIndex((item) => item.id === itemId);
      const next = items[at < 0 ? 0 : Math.min(Math.max(at + steps, 0), items.length - 1)];
      if (next) open(next.id);
    },
    [items, itemId, open],
  );
  const shortcuts = useMemo(
    () => [
      { keys: "j", does: t("inbox.next"), run: (): void => beside(1) },
      { keys: "k", does: t("inbox.previous"), run: (): void => beside(-1) },
      { keys: "x", does: t("bulk.toggle"), run: (): void => (itemId ? toggle(itemId) : undefined) },
      { keys: "u", does: t("inbox.back"), run: (): void => open(undefined) },
    ],
    [t, beside, open, toggle, itemId],
  );
  useShortcuts(t("nav.inbox"), shortcuts);

  const done = () => {
    const at = items.findIndex((item) => item.id === itemId);
    const next = items[at + 1] ?? items[at - 1];
    if (itemId) leaveList(itemId);
    open(next?.id);
  };
  return (
    <div className={css.screen} data-open={itemId ? true : undefined}>
      <div className={css.listPane}>
        <PageHead title={t("nav.inbox")} />
        <InboxFilters search={search} counts={list.counts} />
        {hasChosen && (
          <Suspense>
            <BulkBar chosen={items.filter((item) => chosen.has(item.id) && !item.completed_at)} onLeave={leave} />
          </Suspense>
        )}
        <ItemList list={list} search={search} openId={itemId} chosen={chosen} onToggle={toggle} />
      </div>
      <div className={css.itemPane}>
        {itemId ? (
          <Suspense fallback={<Waiting rows={4} />}>
            <ItemPanel key={itemId} id={itemId} onDone={done} onClose={() => open(undefined)} />
          </Suspense>
        ) : (
          <NothingOpen isDone={search.status === "done"} />
        )}
      </div>
    </div>
  );
}
