/** Numbers and times as text. Numbers are in English, times in the reader's zone. */

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `12,345` */
export function whole(value: number): string {
  return WHOLE.format(value);
}

/** `12.3K` from ten thousand on. */
export function short(value: number): string {
  return value < 10_000 ? whole(value) : SHORT.format(value);
}

/** About three digits: `0.042`, `4.21`, `42.1`, `421`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 100) return whole(value);
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** `61%`, with one digit below ten: `4.2%`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.floor(value)}%`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.2 MB` */
export function bytes(count: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(count || 1) / 3)));
  return `${digits(count / 1_000 ** step)} ${UNITS[step] ?? ""}`;
}

/** `45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h` */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (s < 3_600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${two(Math.floor((s % 3_600) / 60))} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}

/** `14:05`, with the date on other days: `26 Nov 14:05`. */
export function timeOf(at: string | number, now: number): string {
  const date = new Date(at);
  const clock = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === new Date(now).toDateString() ? clock : `${dayOf(at)} ${clock}`;
}

/** `14:05:33` */
export function clockOf(at: string | number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}

/** `26 Nov` */
export function dayOf(at: string | number): string {
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/** `1 shard`, `2 shards` */
export function count(value: number, noun: string): string {
  return `${whole(value)} ${noun}${value === 1 ? "" : "s"}`;
}
