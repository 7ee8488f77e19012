import { ActionIcon, FileButton, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBraces, IconDots, IconFileCode, IconFileImport, IconHistory, IconTrash } from "@tabler/icons-react";
import { useRef } from "react";
import { dropDraft, readTemplate, type Template } from "../api/templates";
import { idFrom } from "../definition/names";
import { definitionIn, download, type Format, textOf } from "../saving/exporting";
import type { Saving } from "../saving/useSaving";
import { useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import type { Panel } from "./panels";

interface Props {
  template: Template;
  saving: Saving;
  open: (panel: Panel) => void;
}

/** What is done less often: versions, export and import, going back to what is published. */
export function MoreMenu({ template, saving, open }: Props) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const chooseFile = useRef<() => void>(null);
  const exportAs = (format: Format) => {
    const { present } = store.getState().history;
    download(`${idFrom(present.name ?? "workflow")}.${format}`, textOf(present, format));
  };
  const replace = async (file: File | null) => {
    if (!file) return;
    try {
      const read = definitionIn(await file.text());
      store.getState().change(() => read);
    } catch (cause) {
      notifications.show({ color: "red", title: t("templates.notRead"), message: String((cause as Error).message) });
    }
  };
  const discard = async () => {
    try {
      await saving.flush();
      await dropDraft(template.id);
      const fresh = await readTemplate(template.id);
      saving.goOn({ revision: fresh.revision, base: fresh.definition, definition: fresh.definition });
    } catch (cause) {
      notifications.show({ color: "red", title: t("stale.failed"), message: String((cause as Error).message) });
    }
  };
  return (
    <>
      <FileButton accept=".yaml,.yml,.json" onChange={(file) => void replace(file)}>
        {({ onClick }) => {
          chooseFile.current = onClick;
          return null;
        }}
      </FileButton>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("top.more")}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconHistory size={16} aria-hidden />} onClick={() => open("versions")}>
            {t("top.versions")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconFileCode size={16} aria-hidden />} onClick={() => exportAs("yaml")}>
            {t("top.exportYaml")}
          </Menu.Item>
          <Menu.Item leftSection={<IconBraces size={16} aria-hidden />} onClick={() => exportAs("json")}>
            {t("top.exportJson")}
          </Menu.Item>
          <Menu.Item leftSection={<IconFileImport size={16} aria-hidden />} onClick={() => chooseFile.current?.()}>
            {t("top.importHere")}
          </Menu.Item>
          {template.version > 0 && template.status === "published" && (
            <>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void discard()}>
                {t("top.discard")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
