import type { Zone } from "./time-zone.js";
import { openZone } from "./time-zone.js";

/** The kind of times in a file; numbers and dates cannot be compared with each other. */
type TimeKind = "number" | "date";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/**
 * An ISO 8601 date, or date and time, with any fraction of a second, and then an offset or the name of
 * a zone, as databases write them; UTC if there is neither.
 */
const DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*\[?([A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*)\]?)?)?$/i;
/** "Tue, 02 Jan 2024 03:04:05 -0800" of RFC 5322, also without the day of the week. */
const MAIL_DATE =
  /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2})(?:\.\d+)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})$/;
/** "Tue Jan 02 03:04:05 -0800 2024", as Unix prints it. */
const UNIX_DATE =
  /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) (Z|UTC|GMT|[+-]\d{2}:?\d{2}) (\d{4})$/;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Reads the times of a table. The first usable one determines their kind. */
export class TimeReader {
  #kind: TimeKind | undefined;
  /** Zones by name. Making one takes a thousand times as long as using it. */
  readonly #zones = new Map<string, Zone | undefined>();

  /** What a usable time is, for messages. */
  get expected(): string {
    if (this.#kind === "number") return "a number";
    const date = "an ISO 8601 date, with an offset or a zone such as Asia/Manila";
    return this.#kind === "date" ? date : `a number or ${date}`;
  }

  /**
   * Returns a time as a sort key, or undefined if it is not usable: numbers unchanged (in any unit), dates
   * in microseconds. Epoch nanoseconds of today keep a resolution of 256 ns; events that are closer than
   * that stay in file order.
   */
  read(value: unknown): number | undefined {
    const number = numberOf(value);
    const kind = number === undefined ? "date" : "number";
    if (this.#kind !== undefined && this.#kind !== kind) return undefined;
    const key = number ?? (typeof value === "string" ? this.#micros(value.trim()) : undefined);
    if (key !== undefined) this.#kind ??= kind;
    return key;
  }

  #micros(text: string): number | undefined {
    const found = DATE.exec(isoOf(text));
    const [, day, minute = "00:00", second = "00", fraction = "", offset, zone] = found ?? [];
    if (day === undefined) return undefined;
    const midnight = Date.parse(`${day}T00:00Z`);
    const local = Date.parse(`${day}T${minute}:${second}Z`);
    // A day that does not exist (30 February) rolls over into the next month.
    if (Number.isNaN(local) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
    // Java writes both an offset and a zone; the offset is exact.
    const isLocal = offset === undefined && zone !== undefined;
    const millis = isLocal ? this.#inZone(local, zone) : local - offsetMillis(offset);
    if (millis === undefined) return undefined;
    return millis * 1_000 + Number(fraction.padEnd(6, "0").slice(0, 6));
  }

  #inZone(local: number, name: string): number | undefined {
    if (!this.#zones.has(name)) this.#zones.set(name, openZone(name));
    return this.#zones.get(name)?.momentOf(local);
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "string" && !NUMBER.test(value.trim())) return undefined;
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : undefined;
  return Number.isFinite(number) ? number : undefined;
}

/** Other ways to write a date as ISO 8601; everything else unchanged. */
function isoOf(text: string): string {
  const mail = MAIL_DATE.exec(text);
  if (mail !== null) {
    const [, day = "", month = "", year = "", time = "", offset = ""] = mail;
    return `${year}-${monthNumber(month)}-${day.padStart(2, "0")}T${time}${offset}`;
  }
  const [, month = "", day = "", time = "", offset = "", year] = UNIX_DATE.exec(text) ?? [];
  if (year === undefined) return text;
  return `${year}-${monthNumber(month)}-${day.padStart(2, "0")}T${time}${offset}`;
}

function monthNumber(name: string): string {
  return String(MONTHS.indexOf(name) + 1).padStart(2, "0");
}

/** +02, +0200 and +02:00; 0 for Z and its names. */
function offsetMillis(offset = "Z"): number {
  const [, sign, hours = "", minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  if (sign === undefined) return 0;
  const millis = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "-" ? -millis : millis;
}
