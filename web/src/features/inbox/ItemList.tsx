import { Button, Checkbox } from "@mantine/core";
import { IconCircleCheck, IconFilterOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useCallback } from "react";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { VirtualRows } from "~/shared/look/VirtualRows";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { ItemRow } from "./ItemRow";
import css from "./inbox.module.css";
import type { useItems } from "./items";
import { type InboxSearch, isFiltered } from "./search";

interface Props {
  list: ReturnType<typeof useItems>;
  search: InboxSearch;
  openId: string | undefined;
  chosen: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

/** The items, newest first; or why there are none. */
export function ItemList({ list, search, openId, chosen, onToggle }: Props) {
  const t = useWords();
  const { items, total, error, isPending, hasNextPage, fetchNextPage, refetch } = list;
  const more = useCallback(() => {
    if (hasNextPage) void fetchNextPage();
  }, [hasNextPage, fetchNextPage]);
  if (isPending) return <Waiting />;
  if (error && items.length === 0) return <Failure error={error} retry={() => void refetch()} />;
  if (items.length === 0 && isFiltered(search)) {
    return (
      <Empty icon={IconFilterOff} title={t("filters.hideAll")} text={t("filters.hideAllText")}>
        <Button variant="default" size="xs" component={Link} to="/inbox">
          {t("filters.clear")}
        </Button>
      </Empty>
    );
  }
  if (items.length === 0) {
    const isDone = search.status === "done";
    const title = isDone ? t("inbox.nothingDone") : t("inbox.allClear");
    return (
      <Empty
        icon={IconCircleCheck}
        title={title}
        text={isDone ? t("inbox.nothingDoneText") : t("inbox.allClearText")}
      />
    );
  }
  return (
    <div className={css.list}>
      <VirtualRows
        rows={items}
        total={Math.max(total, items.length)}
        rowHeight={82}
        label={t("nav.inbox")}
        keyOf={(item) => item.id}
        onEnd={more}
        current={openId}
      >
        {(item) => (
          <div className={css.line} data-chosen={chosen.has(item.id) || undefined}>
            {!item.completed_at && (
              <Checkbox
                size="xs"
                className={css.tick}
                aria-label={t("bulk.choose", { title: item.title })}
                checked={chosen.has(item.id)}
                onChange={() => onToggle(item.id)}
              />
            )}
            <ItemRow item={item} search={search} isOpen={item.id === openId} />
          </div>
        )}
      </VirtualRows>
    </div>
  );
}
