import type { Recommendation } from "@nightbeam/dataset";
import { recommendRun } from "@nightbeam/recommend";
import { readRecommendations } from "@nightbeam/run";
import { recommendOptions } from "nightbeam/dist/recommend/options.js";
import { all } from "./async.js";
import type { TestWorld } from "./world/use-world.js";

/**
 * Runs `nightbeam recommend` in this process, as it was built: one machine, without a cluster.
 *
 * @param flags the command's flags by their keys, such as `beamWidth`
 */
export async function runRecommend(
  flags: Readonly<Record<string, unknown>> & { readonly out: string },
): Promise<void> {
  await recommendRun(await recommendOptions(flags), {
    onEvent: () => undefined,
    signal: new AbortController().signal,
  });
}

/** Runs `nightbeam recommend` for a world, with `out` in its directory, and reads the lists. */
export async function listsIn(
  world: TestWorld,
  flags: Readonly<Record<string, unknown>> & { readonly out: string },
): Promise<Recommendation[]> {
  const { target, catalogue, histories } = world;
  const out = world.path(flags.out);
  await runRecommend({ target, catalogue, histories, ...flags, out });
  return listsOf(out);
}

/** Reads all lists of a finished run, in order, and checks every file's hash. */
export function listsOf(out: string): Promise<Recommendation[]> {
  return all(readRecommendations(out, { verify: true }));
}
