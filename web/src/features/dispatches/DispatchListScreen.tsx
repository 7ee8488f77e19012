import { Button, Text } from "@mantine/core";
import { IconFilterOff, IconSend } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { PageHead } from "~/shared/look/PageHead";
import { SearchBox } from "~/shared/look/SearchBox";
import { Waiting } from "~/shared/look/Waiting";
import { DispatchRow } from "./DispatchRow";
import { useDispatches } from "./dispatches";
import css from "./dispatches.module.css";
import { useMessageWords } from "./words/words";

/** What was sent, how many have answered, and sending something new. */
export function DispatchListScreen() {
  const t = useMessageWords();
  const { q } = useSearch({ from: "/signed-in/messages" });
  const navigate = useNavigate();
  const list = useDispatches(q);
  const search = (words: string) =>
    void navigate({ to: "/messages", search: words ? { q: words } : {}, replace: true });
  return (
    <div className={css.page}>
      <PageHead title={t("list.title")}>
        <Button component={Link} to="/messages/new" leftSection={<IconSend size={16} aria-hidden />}>
          {t("list.new")}
        </Button>
      </PageHead>
      <div className={css.filters}>
        <SearchBox label={t("list.search")} value={q ?? ""} onSearch={search} />
        {list.total !== undefined && (
          <Text size="sm" c="dimmed">
            {t("list.count", { count: list.total })}
          </Text>
        )}
      </div>
      {list.isPending && <Waiting rows={4} height={64} />}
      {list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.sent.length > 0 && (
        <ul className={css.list} aria-label={t("list.title")}>
          {list.sent.map((sent) => (
            <DispatchRow key={sent.id} sent={sent} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button mt="md" variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("list.more")}
        </Button>
      )}
      {list.isSuccess && list.sent.length === 0 && (q ? <NoneFound clear={() => search("")} /> : <None />)}
    </div>
  );
}

function NoneFound({ clear }: { clear: () => void }) {
  const t = useMessageWords();
  return (
    <Empty icon={IconFilterOff} title={t("list.noneFound")} text={t("list.noneFoundText")}>
      <Button variant="default" size="xs" onClick={clear}>
        {t("list.clear")}
      </Button>
    </Empty>
  );
}

function None() {
  const t = useMessageWords();
  return (
    <Empty icon={IconSend} title={t("list.none")} text={t("list.noneText")}>
      <Button size="xs" component={Link} to="/messages/new">
        {t("list.new")}
      </Button>
    </Empty>
  );
}
