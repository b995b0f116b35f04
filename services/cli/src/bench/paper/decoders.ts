import {
  fixedWidths,
  publishedDecoder,
  type SpeculativeOptions,
  speculativeDecoder,
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
export const LOOPS = { demand: speculativeDecoder, published: publishedDecoder } as const;

interface Searched {
  readonly target: Pick<Model, "scorer">;
  readonly data: Pick<PaperData, "catalogue">;
  readonly options: Pick<PaperOptions, "scoring">;
}

/** Search without drafts. */
export function plainSearch(
  { target, data, options }: Searched,
  beamWidth: number,
): SpeculativeOptions {
  const { scoring } = options;
  return {
    target: target.scorer,
    space: { trie: data.catalogue.trie, scoring },
    beamWidth,
  };
}

/** Search with a method's drafts, `draftWidth` prefixes a level. */
export function draftingSearch(
  searched: Searched,
  how: { method: Pick<Method, "drafter">; beamWidth: number; draftWidth: number },
): SpeculativeOptions {
  const { levels } = searched.data.catalogue.trie;
  const policy = fixedWidths(uniformWidths(how.draftWidth, levels));
  const { drafter } = how.method;
  return { ...plainSearch(searched, how.beamWidth), drafter, policy };
}

/** What a list is; drawn ones at the target's own temperature. */
export function verificationFor(kind: Kind, seed: number): Verification {
  if (kind === "strict") return { kind };
  if (kind === "sampled") return { kind, seed, temperature: 1 };
  return { kind, seed, temperature: 1, drafted: "sampled" };
}
