import { Alert, Button, CloseButton, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import type { InboxItem } from "~/shared/api/answers";
import { tellDone, tellFailed } from "~/shared/look/told";
import { useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { type BulkResult, type Offer, offersFor, useBulk } from "./bulk";
import css from "./inbox.module.css";

interface Props {
  chosen: InboxItem[];
  /** Told which are no longer chosen. */
  onLeave: (ids: string[]) => void;
}

type Failed = BulkResult & { title: string };

/** What can be done to several items at once, and for each that refused, why. */
export default function BulkBar({ chosen, onLeave }: Props) {
  const t = useWords();
  const me = useMe();
  const bulk = useBulk();
  const [failed, setFailed] = useState<Failed[]>([]);
  const carryOut = (offer: Offer) => {
    const titles = new Map(chosen.map((item) => [item.id, item.title]));
    bulk.mutate(offer, {
      onSuccess: (results) => {
        const done = results.filter(({ ok }) => ok).map(({ id }) => id);
        if (done.length > 0) tellDone(t("bulk.done", { count: done.length }));
        setFailed(results.filter(({ ok }) => !ok).map((one) => ({ ...one, title: titles.get(one.id) ?? "" })));
        onLeave(done);
      },
      onError: tellFailed,
    });
  };
  const offers = offersFor(chosen, me);
  if (chosen.length === 0 && failed.length === 0) return null;
  return (
    <>
      {chosen.length > 0 && (
        <section className={css.bulk} aria-label={t("bulk.chosen", { count: chosen.length })}>
          <Text size="sm" fw={600} role="status">
            {t("bulk.chosen", { count: chosen.length })}
          </Text>
          <CloseButton size="sm" aria-label={t("bulk.clear")} onClick={() => onLeave(chosen.map(({ id }) => id))} />
          <div className={css.bulkOffers}>
            {offers.map((offer) => (
              <Button
                key={offer.do.action === "choose" ? offer.do.path : offer.do.action}
                size="xs"
                variant="default"
                disabled={bulk.isPending}
                loading={bulk.isPending && bulk.variables === offer}
                onClick={() => carryOut(offer)}
              >
                {offer.do.action === "choose" ? offer.do.path : t(`bulk.${offer.do.action}`)}
                {offer.ids.length < chosen.length && ` (${offer.ids.length})`}
              </Button>
            ))}
            {offers.length === 0 && (
              <Text size="sm" c="dimmed">
                {t("bulk.nothing")}
              </Text>
            )}
          </div>
        </section>
      )}
      {failed.length > 0 && (
        <Alert
          mb="sm"
          color="orange"
          icon={<IconAlertTriangle />}
          title={t("bulk.failed", { count: failed.length })}
          role="alert"
          withCloseButton
          closeButtonLabel={t("close")}
          onClose={() => setFailed([])}
        >
          <ul className={css.bulkFailed}>
            {failed.map(({ id, title, message }) => (
              <li key={id}>
                <b>{title}</b>: {message}
              </li>
            ))}
          </ul>
        </Alert>
      )}
    </>
  );
}
