import type { VerificationOptions } from "./verification.js";

/** The value of `reuse` with which all lists are computed. */
export const NO_REUSE = "none";

/** Settings that decide whether lists follow from the users' questions. */
export interface AnswerSettings extends VerificationOptions {
  readonly candidates?: string | undefined;
}

/** Returns why a run keeps no answers and can take none, with keys in backticks; undefined if it can. */
export function answersProblem({ verification, candidates }: AnswerSettings): string | undefined {
  if (verification === "relaxed") return "`verification` relaxed: lists depend on the draft";
  return candidates === undefined ? undefined : "`candidates`: lists depend on what is proposed";
}

/** Whether a run keeps answers for runs that reuse it. */
export function keepsAnswers(
  settings: AnswerSettings & { readonly answers?: "keep" | "drop" | undefined },
): boolean {
  return settings.answers !== "drop" && answersProblem(settings) === undefined;
}

/** The run that a run takes lists from; undefined if all are computed. */
export function reusedRun({ reuse }: { readonly reuse?: string | undefined }): string | undefined {
  return reuse === NO_REUSE ? undefined : reuse;
}
