import { oneOf, positive, wholeNumber } from "@nightbeam/service";

/** The keys that say what a list is. */
export const verificationFields = {
  verification: oneOf(["strict", "sampled", "relaxed"]).default("strict"),
  seed: wholeNumber(0).optional(),
  temperature: positive.optional(),
  drafted: oneOf(["sampled", "beam"]).optional(),
};
