import type { Catalogue } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import type { PromptSpec } from "../prompt/prompt-spec.js";

/** @throws ModelError CATALOGUE_MISMATCH if the catalogue has other levels, or codes beyond the model's */
export function checkCatalogue(spec: PromptSpec, catalogue: Catalogue): void {
  const { levels } = catalogue.trie;
  if (levels !== spec.levels) {
    throw new ModelError(
      "CATALOGUE_MISMATCH",
      `the catalogue's paths have ${levels} codes, the model's ${spec.levels} (nightbeam.json, levels)`,
    );
  }
  const { codesPerLevel } = spec;
  if (codesPerLevel === undefined) return;
  catalogue.codesPerLevel.forEach((codes, level) => {
    if (codes > codesPerLevel) {
      throw new ModelError(
        "CATALOGUE_MISMATCH",
        `the catalogue has code ${codes - 1} on level ${level}; the model knows ${codesPerLevel} codes per level (nightbeam.json, codesPerLevel)`,
      );
    }
  });
}
