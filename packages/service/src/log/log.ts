/**
 * Where a program says what it does. `fields` are for machines (ids, counts, durations in `...Ms`, an
 * Error as `error`), the message is for people and has no values in it. Secrets in fields are hidden.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log that adds these fields to every line. */
  child(fields: object): Log;
}

/** From chatty to mute. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Says nothing: for libraries' defaults and for tests. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
