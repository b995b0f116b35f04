import type { Log } from "@nightbeam/service/log";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

/** A log that keeps its lines. */
export function keepingLog(): { readonly log: Log; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields });
  };
  const log: Log = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => log,
  };
  return { log, lines };
}
