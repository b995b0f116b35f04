import type { StoredTensor } from "../checkpoint/stored-tensor.js";
import { ModelError } from "../errors.js";
import type { GraphBuilder, Value } from "./graph-builder.js";
import { type ByteWeights, shiftBytes } from "./integer-product.js";
import type { ElementType } from "./proto.js";

/** Types that onnxruntime reads in place, with its names for them. */
const IN_PLACE: Readonly<Record<string, ElementType>> = {
  F32: "float",
  F16: "float16",
  BF16: "bfloat16",
  I8: "int8",
};

/**
 * The weights of a checkpoint as constants of a graph. They stay where they are: the graph names the
 * safetensors file and the offset in it.
 */
export class Weights {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #used = new Set<string>();
  /** How the graph holds int8 weights. */
  readonly byteWeights: ByteWeights;

  constructor(
    tensors: ReadonlyMap<string, StoredTensor>,
    { byteWeights }: { byteWeights: ByteWeights },
  ) {
    this.#tensors = tensors;
    this.byteWeights = byteWeights;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws ModelError BAD_CHECKPOINT if the tensor is missing or has another shape or type */
  use(graph: GraphBuilder, name: string, shape: readonly number[]): Value {
    return this.rows(graph, name, { shape, first: 0, count: shape[0] ?? 0 });
  }

  /** Consecutive rows of a matrix as a constant of their own. */
  rows(
    graph: GraphBuilder,
    name: string,
    options: { shape: readonly number[]; first: number; count: number },
  ): Value {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw new ModelError(
        "BAD_CHECKPOINT",
        `the checkpoint has no tensor ${name}, which its config.json requires`,
      );
    }
    const { shape, first, count } = options;
    if (tensor.shape.join() !== shape.join()) {
      throw new ModelError(
        "BAD_CHECKPOINT",
        `tensor ${name} has shape [${tensor.shape}]; config.json makes it [${shape}]`,
      );
    }
    const type = IN_PLACE[tensor.type];
    if (type === undefined) {
      throw new ModelError(
        "BAD_CHECKPOINT",
        `tensor ${name} is ${tensor.type} and was not converted`,
      );
    }
    this.#used.add(name);
    const rowBytes = tensor.length / (shape[0] ?? 1);
    const part = count === shape[0] ? name : `${name}[${first}:${first + count}]`;
    const isShifted = tensor.type === "I8" && this.byteWeights === "uint8";
    const stored = graph.tensor(part, {
      type: isShifted ? "uint8" : type,
      dims: [count, ...shape.slice(1)],
      data: {
        location: tensor.file,
        offset: tensor.offset + first * rowBytes,
        length: count * rowBytes,
      },
    });
    return isShifted ? shiftBytes(graph, stored) : stored;
  }

  /** Tensors that the graph did not use: parts of another architecture than the one described. */
  unused(): string[] {
    return [...this.#tensors.keys()].filter((name) => !this.#used.has(name));
  }
}
