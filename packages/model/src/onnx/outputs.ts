import type { Tensor } from "onnxruntime-node";
import { ModelError } from "../errors.js";

/** What one run of a graph returned, by name. */
export class RunOutputs {
  readonly #tensors: Readonly<Record<string, Tensor>>;

  constructor(tensors: Readonly<Record<string, Tensor>>) {
    this.#tensors = tensors;
  }

  /** Numbers of a float32 output, flat. @throws ModelError RUNTIME without such an output */
  floats(name: string): Float32Array {
    const data = this.#tensors[name]?.data;
    if (data instanceof Float32Array) return data;
    throw new ModelError("RUNTIME", `the model returned no ${name}`);
  }
}
