import {
  type AttributeValue,
  type Dimension,
  type ElementType,
  encodeModel,
  type NodeInfo,
  type TensorData,
  type TensorInfo,
  type ValueInfo,
} from "./proto.js";

/** Name of a value that flows through the graph; "" is an optional input that is left out. */
export type Value = string;

/** The operator set's domain of onnxruntime's own operators. */
export const MICROSOFT = "com.microsoft";

/**
 * Collects nodes and tensors and encodes them as an ONNX model. Values are named by the operator
 * and a running number, so that onnxruntime's errors and profiles can be read beside the source.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #tensors = new Map<string, TensorInfo>();
  readonly #nodes: NodeInfo[] = [];
  readonly #renamed = new Map<Value, string>();

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): Value {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  /**
   * Makes a value an output of the graph under this name. The value is renamed rather than
   * copied: an output that a run does not fetch costs nothing.
   */
  output(name: string, options: { value: Value; type: ElementType; shape: readonly Dimension[] }) {
    this.#renamed.set(options.value, name);
    this.#outputs.push({ name, type: options.type, shape: options.shape });
  }

  /** A constant; the same name again is the same constant. */
  tensor(
    name: string,
    tensor: { type: ElementType; dims: readonly number[]; data: TensorData },
  ): Value {
    if (!this.#tensors.has(name)) this.#tensors.set(name, { name, ...tensor });
    return name;
  }

  /** A one-dimensional int64 constant: a shape, axes, split sizes. */
  int64s(values: readonly number[]): Value {
    const data = BigInt64Array.from(values, BigInt);
    return this.tensor(`int64_${values.join("_")}`, {
      type: "int64",
      dims: [values.length],
      data: { raw: new Uint8Array(data.buffer) },
    });
  }

  /** A float constant of any shape. */
  floats(name: string, values: Float32Array, dims: readonly number[]): Value {
    return this.tensor(name, {
      type: "float",
      dims,
      data: { raw: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) },
    });
  }

  /** A float constant without dimensions. */
  scalar(name: string, value: number): Value {
    return this.floats(name, Float32Array.of(value), []);
  }

  /** A node with one output, which is returned. */
  node(op: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    const [first = ""] = this.nodes(op, inputs, { ...options, outputs: 1 });
    return first;
  }

  /** A node with several outputs. */
  nodes(op: string, inputs: readonly Value[], options: NodeOptions & { outputs: number }): Value[] {
    const name = `${op}_${this.#nodes.length}`;
    const outputs = Array.from({ length: options.outputs }, (_, i) => `${name}:${i}`);
    this.#nodes.push({
      name,
      op,
      domain: options.domain ?? "",
      inputs,
      outputs,
      attributes: options.attributes ?? {},
    });
    return outputs;
  }

  encode(): Uint8Array {
    const rename = (value: Value) => this.#renamed.get(value) ?? value;
    return encodeModel({
      name: this.#name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      tensors: [...this.#tensors.values()],
      nodes: this.#nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
    });
  }
}

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}
