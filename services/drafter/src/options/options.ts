import { tmpdir } from "node:os";
import { freshNodeName, gibibytes, nodeName, serviceFields, wholeNumber } from "@nightbeam/service";
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
    promptCache: gibibytes.default(1),
    scratch: z.string().optional(),
    lockMs: wholeNumber(100).default(30_000),
    stallCheckMs: wholeNumber(50).optional(),
    graceMs: wholeNumber(0).default(30_000),
    name: nodeName,
    ...serviceFields,
  })
  .transform((options) => ({
    ...options,
    scratch: options.scratch ?? tmpdir(),
    name: options.name ?? freshNodeName(),
  }));

export type DrafterOptions = z.output<typeof drafterSchema>;
