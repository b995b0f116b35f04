import { hostPort, oneOf, serviceFields, wholeNumber, words } from "@nightbeam/service";
import { z } from "zod";

const milliseconds = (min: number) => wholeNumber(min, "a whole number of milliseconds");

/** The options of `nightbeam scheduler`; keys are flags in camelCase. */
export const schedulerSchema = z.object({
  redis: z.string().default("redis://127.0.0.1:6379"),
  /** The store of runs and nights: a directory or s3://bucket/prefix. */
  state: z.string(),
  /** Where the paths of requests must lie; empty: anywhere. */
  dataRoot: words
    .default([])
    .transform((roots) => roots.flatMap((one) => one.split(",")).filter((one) => one !== "")),
  listen: hostPort({ min: 0, example: 7080 }).prefault("127.0.0.1:7080"),
  token: z.string().optional(),
  tokens: z.string().optional(),
  queuesPage: oneOf(["on", "off"]).default("off"),
  reconcileMs: milliseconds(50).default(5_000),
  lockMs: milliseconds(100).default(30_000),
  stallCheckMs: milliseconds(50).optional(),
  missedGraceMs: milliseconds(0).default(300_000),
  alarmWebhook: z.url({ protocol: /^https?$/, error: "give an http or https URL" }).optional(),
  /** Signs what the webhook is sent. */
  alarmSecret: z.string().optional(),
  /** A run without a commit for this long has stalled, in minutes. */
  stalledAfter: wholeNumber(1, "a whole number of minutes").default(5),
  /** Planning that has read no row for this long is given up, in minutes. */
  planningIdle: wholeNumber(1, "a whole number of minutes").default(60),
  /** What items are called, for the page: a file as `readTitles` reads it. */
  titles: z.string().optional(),
  /** Ended runs are removed after this time, as `nightbeam runs prune` does. Default: never. */
  keepRuns: z
    .string()
    .regex(/^\d{1,5}[hd]$/, "write days or hours, as 14d or 36h")
    .optional(),
  /** Where runs with `publish` are published, as `nightbeam publish --to` takes it. */
  publishTo: z.string().optional(),
  publishMaxRate: z.string().optional(),
  /** The file of what nodes cost. */
  prices: z.string().optional(),
  ...serviceFields,
});

export type SchedulerOptions = Readonly<z.output<typeof schedulerSchema>>;
