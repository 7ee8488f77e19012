import { ActionIcon, Tooltip } from "@mantine/core";
import { IconFocusCentered, IconSitemap, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { Panel, useReactFlow } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import { useShortcuts } from "~/shared/keys/shortcuts";
import { useDesigner } from "../store";
import { useDesignerWords } from "../words/words";
import css from "./canvas.module.css";

const QUICK = { duration: 180 };

/** Zooming, and putting everything in order. */
export function Tools({ onTidy }: { onTidy: () => void }) {
  const t = useDesignerWords();
  const flow = useReactFlow();
  const only = useDesigner(({ chosen, lit }) => lit?.at ?? (chosen.length === 1 ? chosen[0] : undefined));
  const fit = useMemo(() => () => void flow.fitView({ padding: 0.15, maxZoom: 1, ...QUICK }), [flow]);
  const shortcuts = useMemo(
    () => [
      { keys: "f", does: t("keys.fit"), run: fit },
      { keys: "l", does: t("keys.tidy"), run: onTidy },
    ],
    [t, fit, onTidy],
  );
  useShortcuts(t("canvas.label"), shortcuts);
  useEffect(() => {
    if (only === undefined) return;
    const timer = window.setTimeout(() => reveal(flow, only), 60);
    return () => window.clearTimeout(timer);
  }, [flow, only]);
  const tools = [
    { name: t("canvas.tidy"), icon: IconSitemap, run: onTidy },
    { name: t("canvas.fit"), icon: IconFocusCentered, run: fit },
    { name: t("canvas.in"), icon: IconZoomIn, run: () => void flow.zoomIn(QUICK) },
    { name: t("canvas.out"), icon: IconZoomOut, run: () => void flow.zoomOut(QUICK) },
  ];
  return (
    <Panel position="top-left" className={css.tools}>
      {tools.map(({ name, icon: Icon, run }) => (
        <Tooltip key={name} label={name} position="bottom">
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={name} onClick={run}>
            <Icon size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ))}
    </Panel>
  );
}

/** Brings a card into sight when it is not. */
function reveal(flow: ReturnType<typeof useReactFlow>, id: string): void {
  const node = flow.getInternalNode(id);
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  if (!node || !pane) return;
  const { x, y } = node.internals.positionAbsolute;
  const width = node.measured.width ?? 256;
  const height = node.measured.height ?? 108;
  const at = flow.flowToScreenPosition({ x, y });
  const end = flow.flowToScreenPosition({ x: x + width, y: y + height });
  const isSeen = at.x >= pane.left && at.y >= pane.top && end.x <= pane.right && end.y <= pane.bottom;
  if (!isSeen) void flow.setCenter(x + width / 2, y + height / 2, { zoom: Math.max(flow.getZoom(), 0.6), ...QUICK });
}
