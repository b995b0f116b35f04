/** What this package needs of a log; the log of @nightbeam/telemetry fits. */
export interface ControlLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
