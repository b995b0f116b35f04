import {
  type Drafter,
  fixedWidths,
  type SpeculativeOptions,
  uniformWidths,
  type Verification,
} from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import type { PaperData } from "./data.js";
import type { PaperOptions } from "./options.js";

export type Kind = PaperOptions["verification"][number];

interface Search {
  readonly target: Pick<Model, "scorer">;
  readonly data: Pick<PaperData, "searched">;
  readonly options: Pick<PaperOptions, "scoring">;
}

/** Search without drafts. */
export function plainSearch(
  { target, data, options }: Search,
  beamWidth: number,
): SpeculativeOptions {
  const { scoring } = options;
  return {
    target: target.scorer,
    space: { trie: data.searched.trie, scoring },
    beamWidth,
  };
}

/** Search with a method's drafts, `draftWidth` prefixes per level. */
export function draftingSearch(
  search: Search,
  how: { method: { readonly drafter: Drafter }; beamWidth: number; draftWidth: number },
): SpeculativeOptions {
  const { levels } = search.data.searched.trie;
  const policy = fixedWidths(uniformWidths(how.draftWidth, levels));
  const { drafter } = how.method;
  return { ...plainSearch(search, how.beamWidth), drafter, policy };
}

/** The seed of all methods, and the first of the target's own sampling. */
export const FIRST_SEED = 1;

/** The verification of a kind; lists are drawn at the target's own temperature. */
export function verificationFor(kind: Kind, seed: number): Verification {
  if (kind === "strict") return { kind };
  if (kind === "sampled") return { kind, seed, temperature: 1 };
  return { kind, seed, temperature: 1, drafted: "sampled" };
}
