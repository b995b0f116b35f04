import type { Recommendation } from "@nightbeam/dataset";
import { readRecommendations } from "@nightbeam/run";
import { recommendOptions } from "nightbeam/dist/recommend/options.js";
import { recommend } from "nightbeam/dist/recommend/recommend.js";
import { all } from "./async.js";

/**
 * Runs `nightbeam recommend` in this process, as it was built: one machine, without a cluster.
 *
 * @param flags the command's flags by their keys, such as `beamWidth`
 */
export async function runRecommend(
  flags: Readonly<Record<string, unknown>> & { readonly out: string },
): Promise<void> {
  await recommend(await recommendOptions(flags), {
    say: () => undefined,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
}

/** Reads all lists of a finished run, in order, and checks every file's hash. */
export function listsOf(out: string): Promise<Recommendation[]> {
  return all(readRecommendations(out, { verify: true }));
}
