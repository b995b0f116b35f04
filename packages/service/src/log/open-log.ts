import type { Logger } from "pino";
import { destination, pino, stdTimeFunctions } from "pino";
import PinoPretty from "pino-pretty";
import { printable, printableLines } from "../terminal/printable.js";
import type { Log, LogLevel } from "./log.js";
import { scrubFields, scrubText } from "./scrub.js";

/** Receives whole lines. */
export interface LineSink {
  write(line: string): unknown;
}

export interface LogOptions {
  /** The name of the process, a field of every line. */
  readonly service: string;
  /** The most verbose level that is written. */
  readonly level: LogLevel;
  /** One JSON object per line for machines, or coloured text for people. */
  readonly format: "json" | "pretty";
  /** Default: standard error, written synchronously, so that no line is lost when the process dies. */
  readonly sink?: LineSink;
  /** For `pretty`. Default: true if standard error is a terminal. */
  readonly color?: boolean;
}

/**
 * Opens a log on standard error. Standard output is for the result of a command.
 *
 * JSON lines have `level` (its name), `time` (ISO 8601, UTC), `service`, `msg` and the fields.
 *
 * @public to write a log like those of the services
 */
export function openLog(options: LogOptions): Log {
  const sink = options.sink ?? destination({ dest: 2, sync: true });
  const logger = pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are plain objects by the time pino sees them.
      serializers: { err: (value: unknown) => value },
    },
    options.format === "json" ? jsonSink(sink) : prettySink(sink, options),
  );
  return wrap(logger);
}

/** Formats lines as they are written: pino-pretty's own stream would write them a tick later. */
function prettySink(sink: LineSink, { color = process.stderr.isTTY === true }: LogOptions) {
  const pretty = PinoPretty.prettyFactory({
    colorize: color,
    colorizeObjects: false,
    translateTime: "SYS:HH:MM:ss.l",
    messageFormat: "{service}: {msg}",
    ignore: "service",
    singleLine: true,
  });
  return { write: (line: string) => sink.write(pretty(printableFields(line))) };
}

/** A line's texts as a terminal only shows them. Stacks of errors keep their lines. */
function printableFields(line: string): Record<string, unknown> {
  return JSON.parse(line, (key, value: unknown) => {
    if (typeof value !== "string") return value;
    return key === "stack" ? printableLines(value) : printable(value);
  });
}

/** JSON escapes most controls itself; the rest matters when somebody looks at the log. */
function jsonSink(sink: LineSink): LineSink {
  return { write: (line) => sink.write(printableLines(line)) };
}

function wrap(logger: Logger): Log {
  const at = (level: "debug" | "info" | "warn" | "error") => (fields: object, message: string) => {
    if (logger.isLevelEnabled(level)) logger[level](scrubFields(fields), scrubText(message));
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => wrap(logger.child(scrubFields(fields))),
  };
}
