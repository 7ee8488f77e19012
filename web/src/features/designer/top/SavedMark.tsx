import { Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconCloudOff,
  IconLoader2,
  IconPencil,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Tone } from "~/shared/look/tone";
import css from "../designer.module.css";
import type { Saved, Saving } from "../saving/useSaving";
import { useDesignerWords } from "../words/words";

const LOOKS: Record<Saved, { icon: TablerIcon; tone: Tone }> = {
  saved: { icon: IconCheck, tone: "good" },
  waiting: { icon: IconPencil, tone: "neutral" },
  saving: { icon: IconLoader2, tone: "neutral" },
  offline: { icon: IconCloudOff, tone: "warn" },
  refused: { icon: IconAlertTriangle, tone: "bad" },
  stale: { icon: IconAlertTriangle, tone: "warn" },
};

/** Where what is worked on is: on the server, on its way, or in this browser alone. */
export function SavedMark({ saving, isRestored }: { saving: Saving; isRestored: boolean }) {
  const t = useDesignerWords();
  const { icon: Icon, tone } = LOOKS[saving.state];
  const why = saving.error instanceof Error ? saving.error.message : isRestored ? t("saved.restored") : null;
  return (
    <Tooltip label={why} disabled={why === null} multiline maw={320}>
      <span className={css.saved} data-tone={tone} data-state={saving.state} role="status">
        <Icon size={15} aria-hidden />
        <span className={css.savedWord}>{t(`saved.${saving.state}`)}</span>
      </span>
    </Tooltip>
  );
}
