import { availableParallelism } from "node:os";
import { TARGET_PROGRAMS, type TargetProgram } from "@nightbeam/decoding";
import { PRECISIONS } from "@nightbeam/model";
import {
  gibibytes,
  healthListen,
  hostPort,
  nodeName,
  numberOf,
  oneOf,
  serviceFields,
  wholeNumber,
} from "@nightbeam/service";
import { deviceField } from "@nightbeam/settings";
import { z } from "zod";

const CPU_PROGRAMS: readonly TargetProgram[] = ["tree-scores"];
const GPU_PROGRAMS: readonly TargetProgram[] = ["tree-scores", "beam-search"];

const PROGRAMS = `give ${TARGET_PROGRAMS.join(", ")}, or several separated by commas`;

const programList = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(z.array(z.enum(TARGET_PROGRAMS, PROGRAMS)).min(1, PROGRAMS))
  .transform((names) => TARGET_PROGRAMS.filter((program) => names.includes(program)));

/**
 * The options of `nightbeam verifier`; keys are flags in camelCase.
 *
 * Some defaults depend on the device. A GPU has one worker per program, needs large batches, cannot keep prompts
 * between calls, and runs whole searches. A CPU has one worker per core and gains little by waiting for a fuller batch.
 */
export const verifierSchema = z
  .object({
    target: z.string(),
    catalogue: z.string(),
    scoring: oneOf(["full", "renormalized"]).default("full"),
    precision: oneOf(PRECISIONS).default("fp32"),
    programs: programList.optional(),
    device: deviceField,
    workers: wholeNumber(1).optional(),
    threads: wholeNumber(1).default(1),
    promptCache: gibibytes.optional(),
    listen: hostPort({ min: 0, example: 7070 }).prefault("127.0.0.1:7070"),
    advertise: hostPort({ min: 1, example: 7070 }).optional(),
    healthListen,
    tokenBudget: wholeNumber(1).optional(),
    maxWaitMs: numberOf("a number of milliseconds, or 0").optional(),
    maxWaitingTokens: wholeNumber(1).optional(),
    graceMs: wholeNumber(0).default(20_000),
    name: nodeName,
    ...serviceFields,
  })
  .transform((options) => {
    const isCpu = options.device.kind === "cpu";
    const workers = options.workers ?? (isCpu ? availableParallelism() : 1);
    const tokenBudget = options.tokenBudget ?? (isCpu ? 4_096 : 16_384);
    return {
      ...options,
      programs: options.programs ?? (isCpu ? CPU_PROGRAMS : GPU_PROGRAMS),
      workers,
      /** GiB per worker. */
      promptCache: options.promptCache ?? (isCpu ? 1 : 0),
      /** Maximum rows per batch. */
      tokenBudget,
      maxWaitMs: options.maxWaitMs ?? (isCpu ? 1 : 5),
      /** Rows: 16 full batches per worker. */
      maxWaitingTokens: options.maxWaitingTokens ?? 16 * tokenBudget * workers,
    };
  });

export type VerifierOptions = z.output<typeof verifierSchema>;
