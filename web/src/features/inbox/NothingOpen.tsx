import { IconInbox } from "@tabler/icons-react";
import { Empty } from "~/shared/look/Empty";
import { useWords } from "~/shared/words";

/** The place beside the list while no item is open. */
export function NothingOpen({ isDone }: { isDone: boolean }) {
  const t = useWords();
  if (isDone) return <Empty icon={IconInbox} title={t("inbox.doneOpens")} text={t("inbox.doneOpensText")} />;
  return <Empty icon={IconInbox} title={t("inbox.pick")} text={t("inbox.pickText")} />;
}
