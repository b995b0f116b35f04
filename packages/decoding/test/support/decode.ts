import {
  type BatchDecoder,
  type DecodeJob,
  publishedDecoder,
  type SearchOutcome,
  type SpeculativeOptions,
  speculativeDecoder,
} from "../../src/index.js";

export type Outcomes = Promise<readonly SearchOutcome[]>;

/** Decodes with a new decoder. A wrong option rejects the promise. */
export async function decodeBatch(
  options: SpeculativeOptions,
  jobs: readonly DecodeJob[],
): Outcomes {
  return decodeWith(speculativeDecoder(options), jobs);
}

export async function decodePublished(
  options: SpeculativeOptions,
  jobs: readonly DecodeJob[],
): Outcomes {
  return decodeWith(publishedDecoder(options), jobs);
}

export function decodeWith(decoder: BatchDecoder, jobs: readonly DecodeJob[]): Outcomes {
  return decoder.decode(jobs, new AbortController().signal);
}
