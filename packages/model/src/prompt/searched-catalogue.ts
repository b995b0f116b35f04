import { existsSync } from "node:fs";
import { addClosingLevels, type Catalogue } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { describeCheckpoint, promptSpecOf } from "../checkpoint/describe.js";
import { openPrompts } from "./open-prompts.js";

/**
 * The catalogue with the levels that a target's search has: those of its closing tokens (nightbeam.json, end)
 * after those of the codes. Under `renormalized` they are left out: a single continuation has probability 1.
 *
 * @param options.directory of the target
 * @throws ModelError
 */
export async function searchedCatalogue(
  catalogue: Catalogue,
  options: { readonly directory: string; readonly scoring: Scoring },
): Promise<Catalogue> {
  const { directory, scoring } = options;
  // A target that is missing is refused when it is opened, after what is cheaper to check.
  if (scoring !== "full" || !existsSync(directory)) return catalogue;
  const { end } = await promptSpecOf(await describeCheckpoint(directory));
  if (end.length === 0) return catalogue;
  const { endTokens } = await openPrompts({ directory, catalogue });
  return addClosingLevels(catalogue, endTokens.length);
}
