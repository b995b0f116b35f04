import { tmpdir } from "node:os";
import {
  freshNodeName,
  gibibytes,
  healthListen,
  nodeName,
  serviceFields,
  shareOf,
  wholeNumber,
} from "@nightbeam/service";
import { z } from "zod";

/**
 * The options of `nightbeam drafter`; keys are flags in camelCase.
 *
 * @public to run a drafter in your own process
 */
export const drafterSchema = z
  .object({
    redis: z.string(),
    /** Addresses, separated by commas. */
    verifiers: z.string().optional(),
    shardsAtOnce: wholeNumber(1).default(2),
    /** Batches per shard in progress. Default: depends on the number of known verifiers. */
    batchesInFlight: wholeNumber(1).optional(),
    /** Threads per draft model. Default: one per core. */
    workers: wholeNumber(1).optional(),
    auditRate: shareOf("of the calls to audit").default(0.01),
    promptCache: gibibytes.default(1),
    scratch: z.string().optional(),
    lockMs: wholeNumber(100).default(30_000),
    stallCheckMs: wholeNumber(50).optional(),
    graceMs: wholeNumber(0).default(20_000),
    maxFailures: wholeNumber(1).default(3),
    otherNodeMs: wholeNumber(0).default(300_000),
    waitOutMs: wholeNumber(0).default(21_600_000),
    healthListen,
    name: nodeName,
    ...serviceFields,
  })
  .transform((options) => ({
    ...options,
    scratch: options.scratch ?? tmpdir(),
    name: options.name ?? freshNodeName(),
  }));

export type DrafterOptions = z.output<typeof drafterSchema>;
