import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LlamaReference } from "./llama.js";
import { T5Reference } from "./t5.js";
import { readReferenceTensors } from "./tensors.js";

/**
 * A model in plain float64: what the graphs are compared with. It is written from the published
 * architecture and shares no code with the package; it is clear rather than fast.
 */
export interface ReferenceModel {
  readonly vocabularySize: number;
  /**
   * Logits after a prompt, and after each token of a path that continues it.
   *
   * @param prompt at least one token
   * @param path tokens of the answer; default none
   * @returns [1 + path tokens][vocabulary]
   */
  logits(prompt: ArrayLike<number>, path?: readonly number[]): Float64Array[];
}

/** Loads a Hugging Face directory: one weight file or several with an index; F32, F16 or BF16. */
export function loadReference(directory: string): ReferenceModel {
  const config = readConfig(directory);
  const tensors = readReferenceTensors(directory);
  return config.model_type === "t5"
    ? new T5Reference(config, tensors)
    : new LlamaReference(config, tensors);
}

/** The same for a model of LLaMA's family, which may be a heads draft. */
export function loadLlamaReference(directory: string): LlamaReference {
  return new LlamaReference(readConfig(directory), readReferenceTensors(directory));
}

function readConfig(directory: string) {
  return JSON.parse(readFileSync(join(directory, "config.json"), "utf8"));
}
