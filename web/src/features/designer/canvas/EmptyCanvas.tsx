import { Button } from "@mantine/core";
import { IconPlus, IconSitemap } from "@tabler/icons-react";
import { Empty } from "~/shared/look/Empty";
import { useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";

/** What an empty page says to do first. */
export function EmptyCanvas() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  return (
    <Empty icon={IconSitemap} title={t("canvas.empty")} text={t("canvas.emptyText")}>
      <Button
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => store.setState({ adding: { first: true } })}
      >
        {t("canvas.addFirst")}
      </Button>
    </Empty>
  );
}
