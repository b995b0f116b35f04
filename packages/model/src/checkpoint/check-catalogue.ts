import type { Catalogue } from "@nightbeam/catalogue";
import { ModelError } from "../errors.js";
import type { PromptSpec } from "../prompt/prompt-spec.js";

/** @throws ModelError CATALOGUE_MISMATCH if the model has no token for a code of the catalogue */
export function checkCatalogue(spec: PromptSpec, catalogue: Catalogue): void {
  const { levels } = catalogue.trie;
  if (levels !== spec.levels) {
    throw new ModelError(
      "CATALOGUE_MISMATCH",
      `the catalogue's paths have ${levels} codes, the model's ${spec.levels} (nightbeam.json, levels)`,
    );
  }
  catalogue.codesPerLevel.forEach((codes, level) => {
    if (codes > spec.codesPerLevel) {
      throw new ModelError(
        "CATALOGUE_MISMATCH",
        `the catalogue has code ${codes - 1} on level ${level}; the model knows ${spec.codesPerLevel} codes per level (nightbeam.json, codesPerLevel)`,
      );
    }
  });
}
