import {
  type Decoder,
  decodeBatch,
  decodePublished,
  emptyDrafter,
  fixedWidths,
  uniformWidths,
  type Verification,
} from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import type { PaperData } from "./data.js";
import type { Method } from "./methods.js";
import type { PaperOptions } from "./options.js";

export type Kind = PaperOptions["verification"][number];
export type Loop = PaperOptions["loop"][number];

/** The loops by their names. */
export const LOOPS = { demand: decodeBatch, published: decodePublished } as const;

interface Searched {
  readonly target: Pick<Model, "scorer">;
  readonly data: Pick<PaperData, "catalogue">;
  readonly options: Pick<PaperOptions, "scoring">;
}

/** Search without drafts. */
export function plainDecoder({ target, data, options }: Searched, beamWidth: number): Decoder {
  const { scoring } = options;
  return {
    target: target.scorer,
    drafter: emptyDrafter,
    policy: fixedWidths([]),
    space: { trie: data.catalogue.trie, scoring },
    beamWidth,
  };
}

/** Search with a method's drafts, `draftWidth` prefixes a level. */
export function draftingDecoder(
  searched: Searched,
  how: { method: Pick<Method, "drafter">; beamWidth: number; draftWidth: number },
): Decoder {
  const { levels } = searched.data.catalogue.trie;
  const policy = fixedWidths(uniformWidths(how.draftWidth, levels));
  const { drafter } = how.method;
  return { ...plainDecoder(searched, how.beamWidth), drafter, policy };
}

/** What a list is; drawn ones at the target's own temperature. */
export function verificationFor(kind: Kind, seed: number): Verification {
  if (kind === "strict") return { kind };
  if (kind === "sampled") return { kind, seed, temperature: 1 };
  return { kind, seed, temperature: 1, drafted: "sampled" };
}
