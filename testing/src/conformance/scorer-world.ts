import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { type ScoreRequest, type Scorer, type Scoring, treeOf } from "@nightbeam/decoding";
import { type Random, seeded } from "../random.js";

import { type ModelShape, writeCheckpoint } from "../world/checkpoint/write-checkpoint.js";
import { someCatalogue, somePrefixes, somePrompt } from "./requests.js";

/** The model that an implementation of `Scorer` has to serve. */
export interface ScorerSettings {
  readonly directory: string;
  readonly catalogue: Catalogue;
  readonly scoring: Scoring;
  /** Positions for a prompt and the codes after it, as far as the model does not limit them. Default: the implementation's. */
  readonly maxPositions?: number;
  /** Calls that may wait or run at once. Default: the implementation's own limit. */
  readonly maxWaiting?: number;
}

export interface OpenScorer {
  readonly scorer: Scorer;
  close(): Promise<void>;
}

/** Opens an implementation. Its errors have a `code` of `ModelErrorCode`. */
export type ScorerOpener = (settings: ScorerSettings) => Promise<OpenScorer>;

/**
 * Shapes for which a model computes in different ways. Matrix products of these sizes are split into
 * blocks; a tiny model would pass by accident.
 */
export const SHAPES: Readonly<Record<string, ModelShape>> = {
  "five levels, grouped heads": {
    levels: 5,
    codesPerLevel: 24,
    layers: 3,
    width: 160,
    heads: 4,
    keyValueHeads: 2,
    headSize: 40,
  },
  "four levels, two large heads": {
    levels: 4,
    codesPerLevel: 64,
    layers: 2,
    width: 128,
    heads: 2,
    headSize: 128,
  },
  "T5, four levels, heads wider than the stream": {
    modelType: "t5",
    levels: 4,
    codesPerLevel: 24,
    encoderLayers: 2,
    decoderLayers: 1,
    width: 128,
    intermediate: 320,
    heads: 3,
    headSize: 64,
    maxDistance: 60,
  },
};

/** Of the models, or of runs of a model without a limit of its own. */
export const MAX_POSITIONS = 128;

/** A checkpoint and a catalogue, and requests for them. */
export class ScorerWorld {
  readonly directory: string;
  readonly catalogue: Catalogue;
  /** Longest prompt of a run of `MAX_POSITIONS` positions. */
  readonly maxPromptTokens: number;
  readonly #vocabularySize: number;
  readonly #random: Random;
  #nextKey = 0;

  private constructor(made: {
    directory: string;
    catalogue: Catalogue;
    shape: ModelShape;
    vocabularySize: number;
  }) {
    this.directory = made.directory;
    this.catalogue = made.catalogue;
    this.#vocabularySize = made.vocabularySize;
    // A decoder's codes have no positions among those of an encoder's prompt. Nor has a path's last code
    // any, as nothing is asked after it.
    const codes = made.shape.modelType === "t5" ? 0 : made.catalogue.trie.levels - 1;
    this.maxPromptTokens = MAX_POSITIONS - codes;
    this.#random = seeded(11);
  }

  static async write(options: {
    readonly parent: string;
    readonly name: string;
    readonly shape: ModelShape;
  }): Promise<ScorerWorld> {
    const { levels = 4, codesPerLevel = 16 } = options.shape;
    const directory = join(options.parent, options.name);
    const { shape } = options;
    const config = shape.modelType === "t5" ? shape : { maxPositions: MAX_POSITIONS, ...shape };
    await writeCheckpoint({ directory, seed: 3, config });
    const catalogue = someCatalogue({ levels, codesPerLevel, items: 400, seed: 5 });
    return new ScorerWorld({
      directory,
      catalogue,
      shape,
      vocabularySize: 4 + levels * codesPerLevel,
    });
  }

  prompt(length: number): Int32Array {
    return somePrompt({ length, vocabularySize: this.#vocabularySize, random: this.#random });
  }

  prefixes(count: number): number[] {
    return somePrefixes(this.catalogue.trie, { count, random: this.#random });
  }

  /** A request under a new key. */
  request(prompt: ScoreRequest["prompt"], prefixes: Iterable<number>): ScoreRequest {
    return { key: this.#nextKey++, prompt, tree: treeOf(this.catalogue.trie, prefixes) };
  }

  /** Users with prompts of these lengths and trees of different sizes. */
  users(promptLengths: readonly number[]): ScoreRequest[] {
    return promptLengths.map((length, at) =>
      this.request(this.prompt(length), this.prefixes(1 + ((at * 7) % 23))),
    );
  }

  /** The same request under a new key. */
  again(request: ScoreRequest): ScoreRequest {
    return { ...request, key: this.#nextKey++ };
  }
}
