import { IconMapOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Empty } from "~/shared/look/Empty";
import { useWords } from "~/shared/words";

/** For addresses that lead nowhere. */
export function Missing() {
  const t = useWords();
  return (
    <main>
      <Empty icon={IconMapOff} title={t("missing.title")} text={t("missing.text")}>
        <Link to="/">{t("missing.home")}</Link>
      </Empty>
    </main>
  );
}
