import { IconMapOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Empty } from "~/shared/look/Empty";
import { PageHead } from "~/shared/look/PageHead";
import { useWords } from "~/shared/words";
import css from "./app.module.css";

/** For addresses that lead nowhere. */
export function Missing() {
  const t = useWords();
  return (
    <main className={css.alone}>
      <PageHead title={t("missing.title")} />
      <Empty icon={IconMapOff} title={t("missing.nothing")} text={t("missing.text")}>
        <Link to="/" className={css.link}>
          {t("missing.home")}
        </Link>
      </Empty>
    </main>
  );
}
