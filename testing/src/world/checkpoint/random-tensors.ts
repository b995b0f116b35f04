import { createRandom } from "../random.js";
import type { Tensor } from "./safetensors.js";

/** A matrix of a linear layer; `gain` is the size of its results for inputs of size 1. */
export interface LinearSize {
  readonly out: number;
  readonly in: number;
  readonly gain: number;
  /** Default: none. */
  readonly bias?: boolean;
}

/**
 * Random weights by name. Each tensor has its own random stream: two models with the same seed have equal
 * tensors wherever name and shape are equal.
 *
 * Families choose scales by which logits spread by about 2: peaked, yet far from certain.
 */
export class RandomTensors {
  readonly made: Tensor[] = [];
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  readonly gaussian = (
    name: string,
    shape: readonly number[],
    { mean = 0, std }: { mean?: number; std: number },
  ): void => {
    const random = createRandom(this.#seed, name);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, () => mean + std * random.gaussian());
    this.made.push({ name, shape, values });
  };

  // A norm's weights differ from 1, and biases from 0, so that omitting one is noticed.
  readonly norm = (name: string, size: number): void =>
    this.gaussian(name, [size], { mean: 1, std: 0.1 });

  readonly linear = (name: string, size: LinearSize): void => {
    this.gaussian(`${name}.weight`, [size.out, size.in], { std: size.gain / Math.sqrt(size.in) });
    if (size.bias === true) this.gaussian(`${name}.bias`, [size.out], { std: 0.2 * size.gain });
  };
}
