import { useMediaQuery } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useDocumentTitle } from "~/shared/look/PageHead";
import type { Template } from "./api/templates";
import { Canvas } from "./canvas/Canvas";
import { Chooser } from "./chooser/Chooser";
import { isDrawable } from "./definition/shapes";
import css from "./designer.module.css";
import { Inspector } from "./inspector/Inspector";
import { OutlinePane } from "./outline/OutlinePane";
import { StaleDialog } from "./saving/StaleDialog";
import { useChecking } from "./saving/useChecking";
import { useSaving } from "./saving/useSaving";
import type { View } from "./search";
import { NotDrawn } from "./source/NotDrawn";
import { useDefinition, useDesigner, useDesignerStore } from "./store";
import type { Panel } from "./top/panels";
import { Top } from "./top/Top";
import { TryPanel } from "./trying/TryPanel";
import { useDesignerKeys } from "./useDesignerKeys";

const SourceView = lazy(() => import("./source/SourceView").then((m) => ({ default: m.SourceView })));
const PublishDialog = lazy(() => import("./publishing/PublishDialog").then((m) => ({ default: m.PublishDialog })));
const VersionsDrawer = lazy(() => import("./publishing/VersionsDrawer").then((m) => ({ default: m.VersionsDrawer })));

interface Props {
  template: Template;
  revision: number;
  base: Template["definition"];
  isRestored: boolean;
}

/** The designer at work: canvas or outline or source, with what is chosen beside it. */
export function Workbench({ template, revision, base, isRestored }: Props) {
  const definition = useDefinition();
  const chosen = useDesigner((d) => d.chosen);
  const store = useDesignerStore();
  const saving = useSaving({ revision, base });
  const isWide = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const view = useView(isWide);
  const [panel, setPanel] = useState<Panel | null>(null);
  useChecking();
  useChosenInAddress();
  useDesignerKeys({ open: setPanel });
  useDocumentTitle(definition.name ?? template.name);

  const canDraw = isDrawable(definition);
  const isSource = view === "source";
  const close = () => setPanel(null);
  const beside = panel === "try" ? <TryPanel onClose={close} /> : <Inspector isWide={isWide} />;
  const showsBeside = !isSource && canDraw && (isWide || panel === "try" || chosen.length > 0);
  return (
    <div className={css.screen} data-wide={isWide || undefined}>
      <Top template={template} saving={saving} isRestored={isRestored} view={view} isWide={isWide} open={setPanel} />
      <div className={css.body} data-view={view} data-beside={showsBeside || undefined}>
        {isSource && (
          <Suspense fallback={null}>
            <SourceView />
          </Suspense>
        )}
        {!isSource && !canDraw && <NotDrawn />}
        {!isSource && canDraw && (isWide || !showsBeside) && <OutlinePane isWide={isWide} />}
        {view === "canvas" && canDraw && isWide && <Canvas />}
        {showsBeside && <aside className={css.beside}>{beside}</aside>}
      </div>
      <Chooser />
      {saving.state === "stale" && saving.theirs && <StaleDialog saving={saving} theirs={saving.theirs} />}
      <Suspense fallback={null}>
        {panel === "publish" && <PublishDialog template={template} saving={saving} onClose={close} />}
        {panel === "versions" && <VersionsDrawer id={store.getState().templateId} onClose={close} />}
      </Suspense>
    </div>
  );
}

/** How it is shown: as the address says, and on narrow screens never as a canvas. */
function useView(isWide: boolean): View {
  const { view = isWide ? "canvas" : "outline" } = useSearch({ from: "/signed-in/templates/$templateId" });
  return view === "canvas" && !isWide ? "outline" : view;
}

/** Keeps the chosen step in the address, so that a reload or a link comes back to it. */
function useChosenInAddress(): void {
  const only = useDesigner(({ chosen }) => (chosen.length === 1 ? chosen[0] : undefined));
  const navigate = useNavigate({ from: "/templates/$templateId" });
  useEffect(() => {
    void navigate({ search: (now) => ({ ...now, step: only }), replace: true, resetScroll: false });
  }, [only, navigate]);
}
