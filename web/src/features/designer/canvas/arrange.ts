import { graphlib, layout } from "@dagrejs/dagre";
import type { Layout } from "../definition/shapes";

export const CARD_WIDTH = 256;
export const CARD_HEIGHT = 108;

export interface Sketch {
  ids: string[];
  connections: { from: string; to: string }[];
}

/** A tidy place for each card: what follows stands below, and ways that part stand beside each other. */
export function arranged({ ids, connections }: Sketch): Layout {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({
    rankdir: "TB",
    nodesep: 48,
    ranksep: 72,
    ranker: ids.length > 200 ? "longest-path" : "network-simplex",
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { width: CARD_WIDTH, height: CARD_HEIGHT });
  const known = new Set(ids);
  connections.forEach(({ from, to }, index) => {
    if (known.has(to) && from !== to) graph.setEdge(from, to, {}, String(index));
  });
  layout(graph);
  return Object.fromEntries(
    ids.map((id) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: Math.round(x - CARD_WIDTH / 2), y: Math.round(y - CARD_HEIGHT / 2) }];
    }),
  );
}
