import { ActionIcon, Alert, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Refused } from "~/shared/api/refused";
import { Due } from "~/shared/look/Due";
import { Failure } from "~/shared/look/Failure";
import { Label } from "~/shared/look/Label";
import { tellDone } from "~/shared/look/told";
import { toneOfLabel } from "~/shared/look/tone";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { itemQuery } from "~/shared/work/completing";
import { Claim } from "./Claim";
import { ItemContext } from "./ItemContext";
import { ItemWork } from "./ItemWork";
import css from "./inbox.module.css";

interface Props {
  id: string;
  onDone: () => void;
  onClose: () => void;
}

/** One item: what it is about, and what it asks. When it goes elsewhere meanwhile, it greys and says so. */
export default function ItemPanel({ id, onDone, onClose }: Props) {
  const t = useWords();
  const { data: item, error, refetch } = useQuery(itemQuery(id));
  const isGone = error instanceof Refused && error.status === 404;
  const back = (
    <ActionIcon
      className={css.back}
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={t("inbox.back")}
      onClick={onClose}
    >
      <IconArrowLeft size={20} aria-hidden />
    </ActionIcon>
  );
  if (!item) {
    return (
      <div className={css.panel}>
        {back}
        {!error && <Waiting rows={4} />}
        {isGone && <Gone />}
        {error && !isGone && <Failure error={error} retry={() => void refetch()} />}
      </div>
    );
  }
  const finished = () => {
    tellDone(t("work.done", { title: item.title }));
    onDone();
  };
  return (
    <article className={css.panel} aria-labelledby="item-title">
      <div className={css.panelHead}>
        {back}
        <Label tone={toneOfLabel(item.label_style)}>{item.label}</Label>
        {item.due_at && <Due at={item.due_at} openedAt={item.opened_at} />}
        <span className={css.claim}>{!isGone && <Claim item={item} />}</span>
      </div>
      <Title order={2} size="h3" id="item-title">
        {item.title}
      </Title>
      {item.kind === "entry" && item.subtitle && <Text>{item.subtitle}</Text>}
      {isGone && <Gone />}
      <ItemContext item={item} />
      <fieldset className={css.work} disabled={isGone}>
        <ItemWork item={item} onDone={finished} />
      </fieldset>
    </article>
  );
}

function Gone() {
  const t = useWords();
  return (
    <Alert color="gray" icon={<IconInfoCircle />} title={t("item.gone")} role="status">
      {t("item.goneText")}
    </Alert>
  );
}
