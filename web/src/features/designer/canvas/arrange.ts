import { graphlib, layout } from "@dagrejs/dagre";
import type { Connection, Layout, Position } from "../definition/shapes";

export const CARD_WIDTH = 256;
export const CARD_HEIGHT = 108;

export interface Sketch {
  ids: string[];
  connections: Connection[];
}

/** Tidy places, and by `from/outcome` the points that a connection goes through so that it passes no card. They hold as
 * long as both its cards are where they were put. */
export interface Arrangement {
  layout: Layout;
  bends: Record<string, Position[]>;
}

/** A tidy place for each card: what follows stands below, and ways that part stand beside each other. */
export function arranged({ ids, connections }: Sketch): Arrangement {
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
  for (const { from, outcome, to } of connections) {
    if (known.has(to) && from !== to) graph.setEdge(from, to, {}, `${from}/${outcome}`);
  }
  layout(graph);
  const places = Object.fromEntries(
    ids.map((id) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: Math.round(x - CARD_WIDTH / 2), y: Math.round(y - CARD_HEIGHT / 2) }];
    }),
  );
  const bends: Arrangement["bends"] = {};
  for (const edge of graph.edges()) {
    const inner = ((graph.edge(edge) as { points?: Position[] }).points ?? []).slice(1, -1);
    if (edge.name && inner.length > 1)
      bends[edge.name] = inner.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
  }
  return { layout: places, bends };
}
