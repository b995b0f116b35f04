import {
  type Decoder,
  type Drafter,
  decodeBatch,
  decodePublished,
  emptyDrafter,
  fixedWidths,
  uniformWidths,
  type Verification,
} from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import type { PaperData } from "./data.js";
import type { PaperOptions } from "./options.js";

export type Kind = PaperOptions["verification"][number];
export type Loop = PaperOptions["loop"][number];

/** The loops by name. */
export const LOOPS = { demand: decodeBatch, published: decodePublished } as const;

interface Search {
  readonly target: Pick<Model, "scorer">;
  readonly data: Pick<PaperData, "catalogue">;
  readonly options: Pick<PaperOptions, "scoring">;
}

/** Search without drafts. */
export function plainDecoder({ target, data, options }: Search, beamWidth: number): Decoder {
  const { scoring } = options;
  return {
    target: target.scorer,
    drafter: emptyDrafter,
    policy: fixedWidths([]),
    space: { trie: data.catalogue.trie, scoring },
    beamWidth,
  };
}

/** Search with a method's drafts, `draftWidth` prefixes per level. */
export function draftingDecoder(
  search: Search,
  how: { method: { readonly drafter: Drafter }; beamWidth: number; draftWidth: number },
): Decoder {
  const { levels } = search.data.catalogue.trie;
  const policy = fixedWidths(uniformWidths(how.draftWidth, levels));
  const { drafter } = how.method;
  return { ...plainDecoder(search, how.beamWidth), drafter, policy };
}

/** The seed of all methods, and the first of the target's own sampling. */
export const FIRST_SEED = 1;

/** The verification of a kind; lists are drawn at the target's own temperature. */
export function verificationFor(kind: Kind, seed: number): Verification {
  if (kind === "strict") return { kind };
  if (kind === "sampled") return { kind, seed, temperature: 1 };
  return { kind, seed, temperature: 1, drafted: "sampled" };
}
