import { availableParallelism } from "node:os";
import { z } from "zod";
import { hostPort, numberOf, oneOf, wholeNumber } from "./fields.js";

/**
 * The options of `nightbeam verifier`, by their flags in camelCase.
 *
 * Some defaults depend on the processor. A GPU is one lane, likes large batches, and cannot keep
 * prompts between calls; processors want a worker a core, and win little by waiting for company.
 */
export const verifierSchema = z
  .object({
    target: z.string(),
    catalogue: z.string(),
    scoring: oneOf(["full", "renormalized"]).default("full"),
    precision: oneOf(["fp32", "int8"]).default("fp32"),
    executionProvider: oneOf(["cpu", "cuda", "tensorrt", "webgpu"]).default("cpu"),
    workers: wholeNumber(1).optional(),
    threads: wholeNumber(1).default(1),
    promptCache: numberOf("a number of GiB, or 0 for none").optional(),
    listen: hostPort(0).prefault("127.0.0.1:7070"),
    advertise: hostPort(1).optional(),
    nats: z.string().optional(),
    tokenBudget: wholeNumber(1).optional(),
    maxWaitMs: numberOf("a number of milliseconds, or 0").optional(),
    mostWaitingTokens: wholeNumber(1).optional(),
    graceMs: wholeNumber(0).default(30_000),
    name: z
      .string()
      .regex(/^[-\w]{1,100}$/, "give up to 100 letters, digits, - and _")
      .optional(),
    logLevel: oneOf(["debug", "info", "warn", "error", "silent"]).default("info"),
    logFormat: oneOf(["json", "pretty"]).optional(),
  })
  .transform((options) => {
    const isCpu = options.executionProvider === "cpu";
    const workers = options.workers ?? (isCpu ? availableParallelism() : 1);
    const tokenBudget = options.tokenBudget ?? (isCpu ? 4_096 : 16_384);
    return {
      ...options,
      workers,
      /** GiB a worker. */
      promptCache: options.promptCache ?? (isCpu ? 1 : 0),
      /** Rows of a batch. */
      tokenBudget,
      maxWaitMs: options.maxWaitMs ?? (isCpu ? 1 : 5),
      /** Rows: about sixteen full batches a worker. */
      mostWaitingTokens: options.mostWaitingTokens ?? 16 * tokenBudget * workers,
    };
  });

export type VerifierOptions = z.output<typeof verifierSchema>;
