import { UsageError } from "@nightbeam/service";
import { z } from "zod";

const NATS = "give a number of nats below 0, such as -9";

/** The keys that let proposed items into the lists. */
export const candidateFields = {
  candidates: z.string().optional(),
  acceptAbove: z
    .union([z.number(), z.string().trim().min(1, NATS)], NATS)
    .transform(Number)
    .refine((nats) => nats < 0 && nats > Number.NEGATIVE_INFINITY, NATS)
    .optional(),
};

/** What was given of them, and what goes with them or not. */
interface Given {
  readonly candidates?: string | undefined;
  readonly acceptAbove?: number | undefined;
  readonly verification: string;
  readonly teacherLog?: string | undefined;
}

/** @throws UsageError BAD_OPTION where a flag lacks its other half, or stands beside what excludes it */
export function checkCandidates(options: Given): void {
  const { candidates, acceptAbove, verification, teacherLog } = options;
  const refuse = (message: string) => new UsageError("BAD_OPTION", message);
  if (candidates === undefined) {
    if (acceptAbove === undefined) return;
    throw refuse("--accept-above needs --candidates, the lists of items to accept from");
  }
  if (acceptAbove === undefined) {
    throw refuse(
      "--candidates needs --accept-above: the log-likelihood in nats, such as -9, above which the target accepts an item; to draft from the lists and change none, give --draft candidates:PATH",
    );
  }
  if (verification !== "strict") {
    throw refuse(
      `--candidates needs --verification strict: a ${verification} list is drawn, and has no places to fill up`,
    );
  }
  if (teacherLog !== undefined) {
    throw refuse(
      "--teacher-log goes without --candidates: a search that proposed items cut short has no answers to learn from; log them in a run of its own",
    );
  }
}
