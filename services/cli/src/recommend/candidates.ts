import type { Catalogue } from "@nightbeam/catalogue";
import type { CandidateOptions } from "@nightbeam/decoding";
import { openCandidates } from "@nightbeam/recommend";
import { whole } from "@nightbeam/service/terminal";
import type { RecommendOptions } from "./options.js";

/** Candidates as a run needs them. */
export interface RunCandidates {
  /** What of them decides the result, for the plan's versions. */
  readonly version: string;
  /** How they enter the lists. */
  readonly accepting: Pick<CandidateOptions, "candidatesFor" | "threshold" | "places">;
}

/**
 * Reads the candidates, where there are any, and says how many there are.
 *
 * @throws RecommendError BAD_CANDIDATES; DatasetError; the signal's reason
 */
export async function candidatesOf(
  options: Pick<RecommendOptions, "candidates" | "acceptAbove" | "topK">,
  run: { searched: Catalogue; say: (line: string) => void; signal: AbortSignal },
): Promise<RunCandidates | undefined> {
  const { candidates, acceptAbove: threshold, topK: places } = options;
  if (candidates === undefined || threshold === undefined) return undefined;
  const { searched: catalogue, signal } = run;
  const { lists, digest, ...counts } = await openCandidates(candidates, { catalogue, signal });
  const { users, items, unknown } = counts;
  const passedOver =
    unknown === 0
      ? ""
      : `; ${whole(unknown)} of them are passed over: the catalogue that is searched lacks them`;
  run.say(`Candidates: ${whole(items)} items for ${whole(users)} users${passedOver}.`);
  const candidatesFor: CandidateOptions["candidatesFor"] = ({ name }) =>
    name === undefined ? undefined : lists.of(name);
  return { version: digest, accepting: { candidatesFor, threshold, places } };
}
