import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Due } from "~/shared/look/Due";
import { Facts } from "~/shared/look/Facts";
import { Failure } from "~/shared/look/Failure";
import { PageHead } from "~/shared/look/PageHead";
import { Waiting } from "~/shared/look/Waiting";
import { When } from "~/shared/look/When";
import { useMe } from "~/shared/session/me";
import { BoardFilter } from "./BoardFilter";
import { CancelDispatch } from "./CancelDispatch";
import { CountsBar } from "./CountsBar";
import { DispatchStatus } from "./DispatchStatus";
import { boardQuery, type DispatchInFull } from "./dispatches";
import css from "./dispatches.module.css";
import { RecipientTable } from "./RecipientTable";
import { useMessageWords } from "./words/words";

/** One message and how everybody it was sent to stands to it, as it changes. */
export function BoardScreen() {
  const t = useMessageWords();
  const me = useMe();
  const { dispatchId } = useParams({ from: "/signed-in/messages/$dispatchId" });
  const search = useSearch({ from: "/signed-in/messages/$dispatchId" });
  const { data, error, refetch, isPlaceholderData } = useQuery(boardQuery(dispatchId, search));
  const back = (
    <Link to="/messages" className={css.back}>
      ← {t("board.back")}
    </Link>
  );
  if (!data) {
    return (
      <div className={css.page}>
        {back}
        {error ? <Failure error={error} retry={() => void refetch()} /> : <Waiting rows={6} />}
      </div>
    );
  }
  const sent = data.data;
  const mayCancel = sent.status === "active" && (me.role === "admin" || sent.sender?.id === me.id);
  return (
    <div className={css.page}>
      {back}
      <PageHead title={sent.title}>
        <DispatchStatus of={sent} />
        {mayCancel && <CancelDispatch runId={sent.run.id} />}
      </PageHead>
      <div className={css.head}>
        <About sent={sent} />
      </div>
      <section aria-labelledby="recipients-title">
        <div className={css.recipientsHead}>
          <h2 id="recipients-title">{t("board.recipients")}</h2>
          <Text size="sm" c="dimmed">
            {t("list.people", { count: sent.counts.total })}
          </Text>
        </div>
        <CountsBar tasks={sent.counts.tasks} total={sent.counts.total} thick />
        <BoardFilter sent={sent} search={search} />
        <RecipientTable sent={sent} meta={data.meta} search={search} isOld={isPlaceholderData} />
      </section>
    </div>
  );
}

function About({ sent }: { sent: DispatchInFull }) {
  const t = useMessageWords();
  const by = sent.sent_by === "script" ? t("list.byScript") : sent.sender && t("list.by", { name: sent.sender.name });
  const to = typeof sent.to === "string" ? <code>{sent.to}</code> : t("board.people", { count: sent.counts.total });
  const said = Object.entries({ ...sent.data, ...sent.attributes }).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return (
    <>
      <Facts
        rows={[
          [t("board.template"), sent.template.name],
          [
            t("board.sent"),
            <span key="sent">
              <When at={sent.sent_at} /> {by}
            </span>,
          ],
          [t("board.to"), to],
          [t("board.due"), sent.due_at && <Due at={sent.due_at} openedAt={sent.sent_at} />],
        ]}
      />
      {said.length > 0 && <Facts rows={said} />}
    </>
  );
}
