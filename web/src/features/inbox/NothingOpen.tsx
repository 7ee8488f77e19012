import { IconInbox } from "@tabler/icons-react";
import { Empty } from "~/shared/look/Empty";
import { useWords } from "~/shared/words";

/** The place beside the list while no item is open. */
export function NothingOpen() {
  const t = useWords();
  return <Empty icon={IconInbox} title={t("inbox.pick")} text={t("inbox.pickText")} />;
}
