import { fromNow, inFull } from "./instants";
import { useNow } from "./useNow";

/** An instant as people say it; in full when pointed at. */
export function When({ at, className }: { at: string; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={inFull(at)} className={className}>
      {fromNow(Date.parse(at), now)}
    </time>
  );
}
