import { arranged, type Sketch } from "./arrange";

self.onmessage = ({ data }: MessageEvent<{ ticket: number; sketch: Sketch }>) => {
  self.postMessage({ ticket: data.ticket, arrangement: arranged(data.sketch) });
};
