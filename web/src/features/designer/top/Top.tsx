import { ActionIcon, Button, SegmentedControl, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconPlayerPlay, IconUpload } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Template } from "../api/templates";
import css from "../designer.module.css";
import type { Saving } from "../saving/useSaving";
import type { View } from "../search";
import { useChange, useDefinition, useDesigner, useDesignerStore } from "../store";
import { useDesignerWords } from "../words/words";
import { MoreMenu } from "./MoreMenu";
import { ProblemsButton } from "./ProblemsButton";
import type { Panel } from "./panels";
import { SavedMark } from "./SavedMark";

interface Props {
  template: Template;
  saving: Saving;
  isRestored: boolean;
  view: View;
  isWide: boolean;
  open: (panel: Panel) => void;
}

/** The bar above the canvas: the name, how it stands, and what can be done with the whole. */
export function Top({ template, saving, isRestored, view, isWide, open }: Props) {
  const t = useDesignerWords();
  return (
    <header className={css.top}>
      <Heading />
      <Tooltip label={t("top.back")}>
        <ActionIcon component={Link} to="/templates" variant="subtle" color="gray" size="lg" aria-label={t("top.back")}>
          <IconArrowLeft size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <NameField />
      <SavedMark saving={saving} isRestored={isRestored} />
      <div className={css.topTools}>
        <ProblemsButton />
        <History />
        <ViewSwitch view={view} isWide={isWide} />
        <Button
          variant="default"
          size="sm"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          data-short
          onClick={() => open("try")}
        >
          <span className={css.longWord}>{t("top.try")}</span>
        </Button>
        <Button size="sm" leftSection={<IconUpload size={16} aria-hidden />} data-short onClick={() => open("publish")}>
          <span className={css.longWord}>{t("top.publish")}</span>
        </Button>
        <MoreMenu template={template} saving={saving} open={open} />
      </div>
    </header>
  );
}

function Heading() {
  const { name } = useDefinition();
  return <h1 className={css.hidden}>{typeof name === "string" ? name : ""}</h1>;
}

function NameField() {
  const t = useDesignerWords();
  const change = useChange();
  const { name } = useDefinition();
  return (
    <input
      className={css.name}
      aria-label={t("top.name")}
      value={typeof name === "string" ? name : ""}
      maxLength={200}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        change((definition) => ({ ...definition, name: typed }), "head.name");
      }}
    />
  );
}

function History() {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const canUndo = useDesigner(({ history }) => history.past.length > 0);
  const canRedo = useDesigner(({ history }) => history.future.length > 0);
  const { undo, redo } = store.getState();
  return (
    <div className={css.pair}>
      <Tooltip label={`${t("top.undo")} (Ctrl Z)`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("top.undo")}
          disabled={!canUndo}
          onClick={undo}
        >
          <IconArrowBackUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={`${t("top.redo")} (Ctrl Shift Z)`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("top.redo")}
          disabled={!canRedo}
          onClick={redo}
        >
          <IconArrowForwardUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function ViewSwitch({ view, isWide }: { view: View; isWide: boolean }) {
  const t = useDesignerWords();
  const navigate = useNavigate({ from: "/templates/$templateId" });
  const views: View[] = isWide ? ["canvas", "source"] : ["outline", "source"];
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("top.views")}
      data={views.map((name) => ({ value: name, label: t(`top.${name}`) }))}
      value={view === "outline" && isWide ? "canvas" : view}
      onChange={(name) => void navigate({ search: (now) => ({ ...now, view: name as View }), replace: true })}
    />
  );
}
