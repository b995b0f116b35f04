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
    return data instanceof Float32Array ? data : missing(name);
  }

  /** The same for a double output. */
  doubles(name: string): Float64Array {
    const data = this.#tensors[name]?.data;
    return data instanceof Float64Array ? data : missing(name);
  }

  /** The same for an int32 output. */
  int32s(name: string): Int32Array {
    const data = this.#tensors[name]?.data;
    return data instanceof Int32Array ? data : missing(name);
  }
}

function missing(name: string): never {
  throw new ModelError("RUNTIME", `the model returned no ${name}`);
}
