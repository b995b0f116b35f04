import type { Recommendation } from "@nightbeam/dataset";
import { listsOf } from "@nightbeam/testing/recommend";
import type { TestWorld } from "@nightbeam/testing/world";
import { recommendOptions } from "../../src/recommend/options.js";
import { recommend } from "../../src/recommend/recommend.js";

/** Recommends in this process, which is faster than a process of its own, and reads the lists. */
export async function listsIn(
  world: TestWorld,
  flags: Record<string, unknown> & { out: string },
): Promise<Recommendation[]> {
  const { target, catalogue, histories } = world;
  const out = world.path(flags.out);
  const options = await recommendOptions({ target, catalogue, histories, ...flags, out });
  const signal = new AbortController().signal;
  await recommend(options, { say: () => undefined, progress: () => undefined, signal });
  return listsOf(out);
}
