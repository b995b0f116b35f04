import { createHash } from "node:crypto";
import { type Exclusion, pathOf, type Trie } from "@nightbeam/catalogue";
import type { DecodeJob } from "./batch-decoder.js";
import type { AcceptanceRules } from "./candidate-rounds.js";
import type { BeamWidth } from "./search/beam-width.js";
import type { Scoring } from "./search/search-space.js";
import type { Verification } from "./verification/verification.js";

/** What decides the lists of all users of a decoder. */
export interface QuestionSettings {
  readonly space: { readonly trie: Trie; readonly scoring: Scoring };
  readonly beamWidth: BeamWidth;
  /** Default: strict. */
  readonly verification?: Verification | undefined;
  /** How proposed items enter the lists. Default: there are none. */
  readonly candidates?: AcceptanceRules | undefined;
  /** Versions of the target, the catalogue and so on, by name. Default: none. */
  readonly versions?: Readonly<Record<string, string>> | undefined;
}

/** One user's part of a question. */
export interface UserQuestion extends Pick<DecodeJob, "name" | "prompt" | "exclusion"> {
  /** Leaves of the items proposed for the user; repetitions count once, the order with `perLevel` alone. */
  readonly proposed?: Iterable<number> | undefined;
}

/**
 * Hashes what decides users' lists of code paths: SHA-256, in hex, over the following bytes. Numbers
 * are little-endian; a path is one uint16 per level, the item's codes.
 *
 * 1. 32 bytes: SHA-256 of the settings as JSON, without spaces, keys in this order:
 *    `{question: 1, levels, scoring, beamWidth, verification, candidates, versions}`. `beamWidth` is a
 *    number, or an array with a width per level. `verification` is
 *    `{kind}`, for drawn lists `{kind, seed, temperature}`, for relaxed ones with `drafted` at the end;
 *    `candidates` is null or `{threshold, places, newThreshold, perLevel}`, thresholds as strings, the
 *    last two only if they are given; `versions` is an array of `[name, version]`, sorted by name
 * 2. 32 bytes: the closed paths that users have in common, that is those of the exclusion's base:
 *    zeros if it has no base, else SHA-256 over the base's own 32 bytes and its closed paths
 * 3. uint32 × 4: numbers of prompt tokens, closed paths, bytes of the name and proposed paths
 * 4. int32 per token: the prompt
 * 5. the closed paths that the base does not close, ascending
 * 6. UTF-8: the user's name, for drawn lists only
 * 7. the proposed paths, each once: ascending, with `perLevel` as they were proposed
 * 8. with `newThreshold`, uint8 per proposed path: 1 if it is new, else 0
 *
 * A path is closed if all its items are excluded: one of several items on a path does not change which
 * paths are found, so it is not part of the question. Nor are the history, drafts and draft widths. A
 * relaxed list depends on these as well: put what decides the draft into `versions`.
 *
 * Trie nodes are hashed as paths, so questions do not depend on how nodes are numbered. Whether other
 * paths exist decides lists too; that is what the catalogue's hash among the versions is for.
 */
export class QuestionHasher {
  readonly #settings: QuestionSettings;
  readonly #isDrawn: boolean;
  readonly #bases = new WeakMap<Exclusion, Uint8Array>();
  #fixed: Uint8Array | undefined;

  constructor(settings: QuestionSettings) {
    this.#settings = settings;
    this.#isDrawn = (settings.verification?.kind ?? "strict") !== "strict";
  }

  questionOf({ name = "", prompt, exclusion, proposed = [] }: UserQuestion): string {
    this.#fixed ??= settingsDigest(this.#settings);
    const { levels } = this.#settings.space.trie;
    const closed = this.#pathsOf(exclusion.closedLeaves());
    const { newItems, perLevel } = this.#settings.candidates ?? {};
    const leaves = Uint32Array.from(new Set(proposed));
    if (perLevel === undefined) leaves.sort();
    const added = this.#pathsOf(leaves);
    const flagged = newItems === undefined ? [] : leaves;
    const drawnFor = Buffer.from(this.#isDrawn ? name : "");
    return createHash("sha256")
      .update(this.#fixed)
      .update(this.#baseDigest(exclusion.base))
      .update(
        Uint32Array.of(
          prompt.length,
          closed.length / levels,
          drawnFor.length,
          added.length / levels,
        ),
      )
      .update(prompt)
      .update(closed)
      .update(drawnFor)
      .update(added)
      .update(Uint8Array.from(flagged, (leaf) => Number(newItems?.isNew(leaf))))
      .digest("hex");
  }

  #baseDigest(base: Exclusion | undefined): Uint8Array {
    if (base === undefined) return NO_BASE;
    const found = this.#bases.get(base);
    if (found !== undefined) return found;
    const digest = createHash("sha256")
      .update(this.#baseDigest(base.base))
      .update(this.#pathsOf(base.closedLeaves()))
      .digest();
    this.#bases.set(base, digest);
    return digest;
  }

  /** The code paths of leaves, which ascend as the leaves do. Shape [leaves × levels]. */
  #pathsOf(leaves: Uint32Array): Uint16Array {
    const { trie } = this.#settings.space;
    const paths = new Uint16Array(leaves.length * trie.levels);
    leaves.forEach((leaf, at) => {
      paths.set(pathOf(trie, leaf), at * trie.levels);
    });
    return paths;
  }
}

const NO_BASE = new Uint8Array(32);

function settingsDigest(settings: QuestionSettings): Uint8Array {
  const { space, beamWidth, candidates, versions = {} } = settings;
  const text = JSON.stringify({
    question: 1,
    levels: space.trie.levels,
    scoring: space.scoring,
    beamWidth,
    verification: verificationFields(settings.verification),
    candidates: candidates === undefined ? null : candidateFields(candidates),
    versions: Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1)),
  });
  return createHash("sha256").update(text).digest();
}

/** How candidates are accepted, in a fixed order. Infinite thresholds are no JSON, so they are texts. */
function candidateFields({ threshold, places, newItems, perLevel }: AcceptanceRules): object {
  return {
    threshold: String(threshold),
    places,
    ...(newItems === undefined ? {} : { newThreshold: String(newItems.threshold) }),
    ...(perLevel === undefined ? {} : { perLevel }),
  };
}

/** The fields that decide lists, in a fixed order. */
function verificationFields(verification: Verification = { kind: "strict" }): object {
  const { kind } = verification;
  switch (kind) {
    case "strict":
      return { kind };
    case "sampled":
      return { kind, seed: verification.seed, temperature: verification.temperature };
    case "relaxed": {
      const { seed, temperature, drafted } = verification;
      return { kind, seed, temperature, drafted };
    }
    default:
      return kind satisfies never;
  }
}
