/**
 * A structured log. `fields` are for machines: ids, counts, durations in `...Ms`, an Error as `error`. The
 * message is for people and contains no values. Secrets in fields are hidden.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Returns a log that adds these fields to every line. */
  child(fields: object): Log;
}

/** From the most to the least verbose. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** A log that writes nothing, for defaults and tests. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
