import { z } from "zod";
import { SchedulerError } from "./errors.js";

const milliseconds = (least: number) => {
  const message = `give a whole number of milliseconds of at least ${least}`;
  return z
    .union([z.number(), z.string().trim().min(1, message)], message)
    .transform(Number)
    .refine((value) => Number.isSafeInteger(value) && value >= least, message);
};

const LISTEN = "give host:port, such as 127.0.0.1:7080";

const listen = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/, LISTEN)
  .transform((text) => {
    const colon = text.lastIndexOf(":");
    return {
      host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
      port: Number(text.slice(colon + 1)),
    };
  })
  .refine(({ port }) => port <= 65_535, LISTEN);

/** The options of `nightbeam scheduler`, by their flags in camelCase. */
export const schedulerSchema = z.object({
  redis: z.string().default("redis://127.0.0.1:6379"),
  nats: z.string().optional(),
  /** Where the runs and nights are recorded: a directory or s3://bucket/prefix. */
  state: z.string(),
  listen: listen.prefault("127.0.0.1:7080"),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  reconcileMs: milliseconds(50).default(5_000),
  lockMs: milliseconds(100).default(30_000),
  stallCheckMs: milliseconds(50).optional(),
  missedGraceMs: milliseconds(0).default(300_000),
  alarmWebhook: z.url({ protocol: /^https?$/, error: "give an http address" }).optional(),
  logLevel: z
    .enum(["debug", "info", "warn", "error", "silent"], {
      error: "give debug, info, warn, error or silent",
    })
    .default("info"),
  logFormat: z.enum(["json", "pretty"], { error: "give json or pretty" }).optional(),
});

export type SchedulerOptions = Readonly<z.output<typeof schedulerSchema>>;

/**
 * Options as the schema reads them. Empty values count as not given: that is how files of environment
 * variables leave one out.
 *
 * @param source.nameOf what an option is called where its value came from: a flag or a variable
 * @throws SchedulerError BAD_OPTION
 */
export function parseOptions(source: {
  readonly given: Readonly<Record<string, unknown>>;
  readonly nameOf: (key: string) => string;
}): SchedulerOptions {
  const entries = Object.entries(source.given).filter(([, value]) => value !== "");
  const given: Readonly<Record<string, unknown>> = Object.fromEntries(entries);
  const parsed = schedulerSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = String(issue?.path[0] ?? "");
  const name = source.nameOf(key);
  const value = given[key];
  throw new SchedulerError(
    "BAD_OPTION",
    value === undefined ? `${name} is required` : `${name} ${String(value)}: ${issue?.message}`,
  );
}
