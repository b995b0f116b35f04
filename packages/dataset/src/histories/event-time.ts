/** The kind of times in a file; numbers and dates cannot be compared with each other. */
export type TimeKind = "number" | "date";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** An ISO 8601 date, or date and time, with any fraction of a second; UTC if it has no offset. */
const DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** The kind of a time, or undefined if it is neither. */
export function timeKind(value: unknown): TimeKind | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? "number" : undefined;
  if (typeof value !== "string") return undefined;
  if (NUMBER.test(value.trim())) return "number";
  return dateMicros(value.trim()) === undefined ? undefined : "date";
}

/**
 * A time as a sort key: numbers unchanged (in any unit), dates in microseconds. Epoch nanoseconds of
 * today keep a resolution of 256 ns; events that are closer than that stay in file order.
 */
export function timeKey(value: unknown, kind: TimeKind): number | undefined {
  if (timeKind(value) !== kind) return undefined;
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  return kind === "number" ? Number(value.trim()) : dateMicros(value.trim());
}

function dateMicros(text: string): number | undefined {
  const [, day, minute = "00:00", second = "00", fraction = "", zone = "Z"] = DATE.exec(text) ?? [];
  if (day === undefined) return undefined;
  const offset = zone.toUpperCase() === "Z" ? "Z" : padOffset(zone);
  const millis = Date.parse(`${day}T${minute}:${second}${offset}`);
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(millis) || Number.isNaN(midnight)) return undefined;
  // A day that does not exist (30 February) rolls over into the next month.
  if (!new Date(midnight).toISOString().startsWith(day)) return undefined;
  return millis * 1_000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

/** Offsets can be +02, +0200 and +02:00; `Date.parse` accepts the last form. */
function padOffset(zone: string): string {
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone[0] ?? "+"}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
