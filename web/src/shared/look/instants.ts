const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short" });
const short = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** "3 hr. ago", "in 2 days": an instant as seen from `now`, both in milliseconds. */
export function fromNow(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  const [unit, length] = UNITS.find(([, s]) => Math.abs(seconds) >= s) ?? ["minute", 60];
  return relative.format(Math.trunc(seconds / length), unit);
}

/** The instant in full, in the browser's zone. */
export function inFull(at: string): string {
  return full.format(new Date(at));
}

/** The instant in brief, in the browser's zone. */
export function inBrief(at: string): string {
  return short.format(new Date(at));
}

/** "2 h 5 min": how long something took, in milliseconds. */
export function lasting(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return "< 1 min";
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  return hours ? (rest ? `${hours} h ${rest} min` : `${hours} h`) : `${rest} min`;
}

/** How much of the time until something is due is left, from 1 to 0, and how pressing that is. */
export function dueIn(due: number, opened: number | null, now: number) {
  const left = due - now;
  if (left <= 0) return { share: 0, tone: "bad" as const };
  const whole = opened === null ? left : Math.max(due - opened, 1);
  const share = Math.min(1, left / whole);
  return { share, tone: share < 0.25 ? ("warn" as const) : ("neutral" as const) };
}
