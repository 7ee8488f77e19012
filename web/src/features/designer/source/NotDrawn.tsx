import { Button } from "@mantine/core";
import { IconCode } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { Empty } from "~/shared/look/Empty";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";

/** What there is instead of a canvas for what cannot be drawn. */
export function NotDrawn() {
  const t = useDesignerWords();
  const navigate = useNavigate({ from: "/templates/$templateId" });
  return (
    <div className={css.notDrawn}>
      <Empty icon={IconCode} title={t("canvas.notDrawn")} text={t("canvas.notDrawnText")}>
        <Button onClick={() => void navigate({ search: { view: "source" } })}>{t("canvas.toSource")}</Button>
      </Empty>
    </div>
  );
}
