import { Badge, Button, Drawer, Group, Skeleton, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { When } from "~/shared/look/When";
import { useNames } from "~/shared/people/people";
import { useVersion, useVersions, type Version } from "../api/templates";
import { differenceOf } from "../definition/difference";
import css from "../designer.module.css";
import { DifferenceView } from "../look/DifferenceView";
import { useDefinition, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { MoveRuns } from "./MoveRuns";

/** The published versions: who, when, why; what each has otherwise, and bringing one back. */
export function VersionsDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useDesignerWords();
  const { data: versions, error, refetch } = useVersions(id);
  const [shown, setShown] = useState<number | null>(null);
  const newest = versions?.[0]?.version;
  return (
    <Drawer
      opened
      onClose={onClose}
      title={t("versions.title")}
      position="right"
      size="md"
      closeButtonProps={{ "aria-label": t("inspector.close") }}
    >
      <Stack gap="md">
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!versions && !error && <Skeleton height={120} />}
        {versions?.length === 0 && <Text c="dimmed">{t("versions.none")}</Text>}
        {versions?.map((version) => (
          <OneVersion
            key={version.version}
            id={id}
            version={version}
            isCurrent={version.version === newest}
            isShown={shown === version.version}
            onShow={() => setShown(shown === version.version ? null : version.version)}
          />
        ))}
        {newest !== undefined && <MoveRuns id={id} version={newest} />}
      </Stack>
    </Drawer>
  );
}

interface Props {
  id: string;
  version: Version;
  isCurrent: boolean;
  isShown: boolean;
  onShow: () => void;
}

function OneVersion({ id, version, isCurrent, isShown, onShow }: Props) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const definition = useDefinition();
  const by = version.published_by ?? version.created_by;
  const at = version.published_at ?? version.created_at;
  const nameOf = useNames([by]);
  const { data } = useVersion(id, isShown ? version.version : null);
  const restore = () => {
    if (!data) return;
    store.getState().change(() => data.definition);
    notifications.show({ message: t("versions.restored", { n: version.version }) });
  };
  return (
    <section className={css.version}>
      <Group justify="space-between" wrap="nowrap">
        <b>{t("versions.of", { n: version.version })}</b>
        {isCurrent && (
          <Badge size="sm" variant="light" color="teal" tt="none">
            {t("versions.current")}
          </Badge>
        )}
      </Group>
      <Text size="xs" c="dimmed">
        {nameOf(by)} {at && <When at={at} />}
      </Text>
      {version.note && <Text size="sm">{version.note}</Text>}
      <Button size="compact-sm" variant="subtle" aria-expanded={isShown} onClick={onShow}>
        {t("versions.show")}
      </Button>
      {isShown && data && (
        <Stack gap="xs" mt="xs">
          <DifferenceView difference={differenceOf(definition, data.definition)} />
          <div>
            <Button size="compact-sm" variant="light" onClick={restore}>
              {t("versions.restore")}
            </Button>
          </div>
        </Stack>
      )}
    </section>
  );
}
