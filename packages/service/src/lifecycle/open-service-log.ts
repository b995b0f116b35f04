import type { Log, LogLevel } from "../log/log.js";
import { openLog } from "../log/open-log.js";

export interface ServiceLogOptions {
  readonly logLevel: LogLevel;
  /** Default: for people where standard error is a terminal. */
  readonly logFormat?: "json" | "pretty" | undefined;
}

/** The log of a process, on standard error. */
export function openServiceLog(service: string, { logLevel, logFormat }: ServiceLogOptions): Log {
  const format = logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  return openLog({ service, level: logLevel, format });
}
