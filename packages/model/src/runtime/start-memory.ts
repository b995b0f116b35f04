import type { ReadonlyInt32Array } from "@nightbeam/catalogue";
import { Tensor } from "onnxruntime-node";
import type { MemoryShape } from "../architectures/architecture.js";
import type { Feeds } from "../onnx/feeds.js";
import { startNames } from "../programs/memory-values.js";
import type { RunMemory } from "./prompt-cache.js";

/** Keys and values of prompts, layer by layer. */
export type PromptTensors = Pick<RunMemory, "promptKeys" | "promptValues">;

/** Rows that a run computes of a prompt, at least: onnxruntime multiplies a single one with another kernel. */
const MIN_COMPUTED = 2;

/** Keys and values of the tokens that all prompts start with. */
export class StartMemory {
  readonly #tokens: ReadonlyInt32Array;
  readonly #memory: PromptTensors;
  readonly #shape: MemoryShape;

  constructor(start: {
    readonly tokens: ReadonlyInt32Array;
    readonly memory: PromptTensors;
    readonly shape: MemoryShape;
  }) {
    this.#tokens = start.tokens;
    this.#memory = start.memory;
    this.#shape = start.shape;
  }

  /** First tokens of a prompt that need not be computed: all that are known, or 0. */
  knownTokens(prompt: ReadonlyInt32Array): number {
    const { length } = this.#tokens;
    const isKnown =
      prompt.length >= length + MIN_COMPUTED &&
      this.#tokens.every((token, at) => prompt[at] === token);
    return isKnown ? length : 0;
  }

  /** The inputs of a run that knows so many first tokens of its prompts. */
  feeds(knownTokens: number): Feeds {
    const { layers, keyValueHeads, headSize } = this.#shape;
    const dims = [1, keyValueHeads, knownTokens, headSize];
    const tensor = (values: Float32Array = new Float32Array()) =>
      new Tensor("float32", knownTokens > 0 ? values : new Float32Array(), dims);
    const feeds: Feeds = {};
    for (let layer = 0; layer < layers; layer++) {
      const names = startNames(layer);
      feeds[names.keys] = tensor(this.#memory.promptKeys[layer]);
      feeds[names.values] = tensor(this.#memory.promptValues[layer]);
    }
    return feeds;
  }
}
