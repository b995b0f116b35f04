import { randomBytes } from "node:crypto";
import { hostname, tmpdir } from "node:os";
import { z } from "zod";
import { gibibytes, oneOf, wholeNumber } from "./fields.js";

/** The options of `nightbeam drafter`, by their flags in camelCase. */
export const drafterSchema = z
  .object({
    redis: z.string(),
    nats: z.string().optional(),
    /** Addresses with commas between them. */
    verifiers: z.string().optional(),
    shardsAtOnce: wholeNumber(1).default(2),
    /** Batches of a shard under way; absent: as many as the known verifiers make worthwhile. */
    lanes: wholeNumber(1).optional(),
    /** Threads of each draft model; absent: one a core. */
    workers: wholeNumber(1).optional(),
    promptCache: gibibytes.default(1),
    scratch: z.string().optional(),
    lockMs: wholeNumber(100).default(30_000),
    stallCheckMs: wholeNumber(50).optional(),
    graceMs: wholeNumber(0).default(30_000),
    name: z
      .string()
      .regex(/^[-\w]{1,100}$/, "give up to 100 letters, digits, - and _")
      .optional(),
    logLevel: oneOf(["debug", "info", "warn", "error", "silent"]).default("info"),
    logFormat: oneOf(["json", "pretty"]).optional(),
  })
  .transform((options) => ({
    ...options,
    scratch: options.scratch ?? tmpdir(),
    name: options.name ?? defaultName(),
  }));

export type DrafterOptions = z.output<typeof drafterSchema>;

/** A name that no other process has, for NATS subjects. */
function defaultName(): string {
  const host = hostname()
    .replace(/[^-\w]/g, "-")
    .slice(0, 80);
  return `${host}-${randomBytes(3).toString("hex")}`;
}
