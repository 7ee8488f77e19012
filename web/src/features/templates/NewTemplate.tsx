import { Button, FileButton, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { TemplateHead } from "~/shared/api/answers";
import { Failure } from "~/shared/look/Failure";
import { createDraft, readTemplate } from "../designer/api/templates";
import type { Definition } from "../designer/definition/shapes";
import { definitionIn } from "../designer/saving/exporting";
import { useDesignerWords } from "../designer/words/words";
import { DEFINITIONS, STARTERS, type Starter } from "./starters";
import css from "./templates.module.css";

interface Props {
  desk: TemplateHead[];
  onClose: () => void;
}

/** Beginning a workflow: by a name and something to begin with, or from a file. */
export function NewTemplate({ desk, onClose }: Props) {
  const t = useDesignerWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [from, setFrom] = useState<string>("blank");
  const [key] = useState(() => crypto.randomUUID());
  const creating = useMutation({
    mutationFn: async (file: File | null) => {
      if (file) return createDraft(definitionIn(await file.text()), `${key}-file-${file.name}-${file.lastModified}`);
      const definition = await begun(from);
      return createDraft({ ...definition, name: name.trim() }, `${key}-${from}-${name.trim()}`);
    },
    onSuccess: (template) => {
      void client.invalidateQueries({ queryKey: ["templates"] });
      void navigate({ to: "/templates/$templateId", params: { templateId: template.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) creating.mutate(null);
  };
  const own = desk.filter(({ kind, status }) => kind === "workflow" && status === "published").slice(0, 12);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("templates.new")}
      size="lg"
      closeButtonProps={{ "aria-label": t("templates.cancel") }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("templates.name")}
            placeholder={t("templates.namePlaceholder")}
            value={name}
            maxLength={200}
            required
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Radio.Group label={t("templates.beginWith")} value={from} onChange={setFrom}>
            <div className={css.starters}>
              {STARTERS.map((starter) => (
                <Radio.Card key={starter} value={starter} className={css.starter}>
                  <span className={css.starterName}>{t(`starter.${starter}`)}</span>
                  <span className={css.text}>{t(`starter.${starter}Text`)}</span>
                </Radio.Card>
              ))}
              {own.map((template) => (
                <Radio.Card key={template.id} value={template.id} className={css.starter}>
                  <span className={css.starterName}>{t("templates.copyOf", { name: template.name })}</span>
                  <span className={css.text}>{template.description || t("templates.deskOwn")}</span>
                </Radio.Card>
              ))}
            </div>
          </Radio.Group>
          {creating.error && <Failure error={creating.error} title={t("templates.notCreated")} />}
          <Group justify="space-between">
            <FileButton accept=".yaml,.yml,.json" onChange={(file) => file && creating.mutate(file)}>
              {({ onClick }) => (
                <Button variant="subtle" onClick={onClick}>
                  {t("templates.import")}
                </Button>
              )}
            </FileButton>
            <Button type="submit" loading={creating.isPending} disabled={!name.trim()}>
              {t("templates.create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What it begins with: one of the starters, or another workflow of the desk. */
async function begun(from: string): Promise<Definition> {
  const starter = STARTERS.find((word) => word === from) as Starter | undefined;
  if (starter) return DEFINITIONS[starter];
  const { layout: _, ...definition } = (await readTemplate(from)).definition;
  return definition;
}
