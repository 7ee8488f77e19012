import { Button, Group, Select, Stack } from "@mantine/core";
import { useState } from "react";
import { Failure } from "~/shared/look/Failure";
import { useWords } from "~/shared/words";
import { usePublishedTemplates, useStartRun } from "~/shared/workflow/instances";

/** Choosing a template and starting it on the ticket. */
export function StartRun({ ticketId }: { ticketId: string }) {
  const t = useWords();
  const [isChoosing, setChoosing] = useState(false);
  const [templateId, setTemplateId] = useState<string | null>(null);
  const { data: templates = [], error: unread } = usePublishedTemplates(isChoosing);
  const starting = useStartRun(ticketId);
  if (!isChoosing) {
    return (
      <div>
        <Button variant="default" onClick={() => setChoosing(true)}>
          {t("workflow.start")}
        </Button>
      </div>
    );
  }
  return (
    <Stack gap="xs">
      <Group align="end" justify="center">
        <Select
          label={t("workflow.template")}
          data={templates.map((template) => ({ value: template.id, label: template.name }))}
          searchable
          autoFocus
          value={templateId}
          onChange={setTemplateId}
          nothingFoundMessage={t("workflow.noTemplate")}
        />
        <Button
          disabled={!templateId}
          loading={starting.isPending}
          onClick={() => templateId && starting.mutate(templateId)}
        >
          {t("workflow.startNow")}
        </Button>
      </Group>
      {(starting.error ?? unread) && <Failure error={starting.error ?? unread} title={t("workflow.notStarted")} />}
    </Stack>
  );
}
