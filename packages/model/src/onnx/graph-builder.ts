import {
  type AttributeValue,
  DataType,
  type Dimension,
  type ElementType,
  encodeModel,
  type GraphInfo,
  type NodeInfo,
  type TensorData,
  type TensorInfo,
  type ValueInfo,
} from "./proto.js";

/** A graph that is ready to be loaded. */
export interface EncodedGraph {
  /** An ONNX model. */
  readonly model: Uint8Array;
  readonly shapes: readonly ShapeInput[];
}

/** Name of a value that flows through the graph; "" is an optional input that is left out. */
export type Value = string;

/** A size of a shape: a number, or the name of one that is known when the graph runs. */
export type Size = number | string;

/** An input of a graph that holds a shape, int64 [sizes]. Each run fills in the names. */
export interface ShapeInput {
  readonly name: string;
  readonly sizes: readonly Size[];
}

/** As an end: however long the axis is. */
const END = 2 ** 31 - 1;

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
  /** Nodes of the graph, or of the branch that is being built. */
  #nodes: NodeInfo[] = [];
  #nodeCount = 0;
  readonly #renamed = new Map<Value, string>();
  readonly #shapes = new Map<string, ShapeInput>();
  #shared = new Map<string, Value>();

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

  /** A constant; the same name again is the same constant. @throws RangeError if it is an input's name */
  tensor(
    name: string,
    tensor: { type: ElementType; dims: readonly number[]; data: TensorData },
  ): Value {
    if (this.#inputs.some((input) => input.name === name)) {
      throw new RangeError(`${name} is an input of the graph`);
    }
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

  /**
   * A shape that depends on the run, as an input. A graph that put it together from parts would do so
   * on the device, and copy it to the host whenever an operator needs it.
   */
  shape(sizes: readonly Size[]): Value {
    const numbers = sizes.filter((size) => typeof size === "number");
    if (numbers.length === sizes.length) return this.int64s(numbers);
    const name = `shape_${sizes.join("_")}`;
    if (!this.#shapes.has(name)) {
      this.#shapes.set(name, { name, sizes });
      this.input(name, "int64", [sizes.length]);
    }
    return name;
  }

  /** A value that several parts of a graph need: built by the first of them. */
  once(name: string, build: () => Value): Value {
    const value = this.#shared.get(name) ?? build();
    this.#shared.set(name, value);
    return value;
  }

  /** A float constant of any shape. */
  floats(name: string, values: Float32Array, dims: readonly number[]): Value {
    return this.tensor(name, {
      type: "float",
      dims,
      data: { raw: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) },
    });
  }

  /** An int32 constant of any shape. */
  int32s(name: string, values: Int32Array, dims: readonly number[]): Value {
    return this.tensor(name, {
      type: "int32",
      dims,
      data: { raw: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) },
    });
  }

  /** An int32 constant without dimensions. */
  int32(value: number): Value {
    return this.int32s(`int32_${value}`, Int32Array.of(value), []);
  }

  /** A double constant without dimensions. */
  double(value: number): Value {
    const data = { raw: new Uint8Array(Float64Array.of(value).buffer) };
    return this.tensor(`double_${value}`, { type: "double", dims: [], data });
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
    const name = `${op}_${this.#nodeCount++}`;
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

  /** A value as numbers of another type. */
  cast(value: Value, to: ElementType): Value {
    return this.node("Cast", [value], { attributes: { to: { int: DataType[to] } } });
  }

  /**
   * A part of a value along an axis.
   *
   * @param range from is counted from the end if it is negative; `to` is not included, default: the end
   */
  slice(value: Value, range: { axis: number; from: number | Value; to?: Value }): Value {
    const { axis, from, to = this.int64s([END]) } = range;
    const first = typeof from === "number" ? this.int64s([from]) : from;
    return this.node("Slice", [value, first, to, this.int64s([axis])]);
  }

  /**
   * The values of one of two branches; the other one is not computed. A branch may read all values that
   * were built before it. Weights of both are part of the graph.
   *
   * @param branches return values that they built, as many as there are types
   */
  either(
    condition: Value,
    branches: {
      readonly types: readonly ElementType[];
      readonly ifTrue: () => readonly Value[];
      readonly ifFalse: () => readonly Value[];
    },
  ): Value[] {
    const { types } = branches;
    return this.nodes("If", [condition], {
      outputs: types.length,
      attributes: {
        then_branch: { graph: this.#branch(branches.ifTrue, types) },
        else_branch: { graph: this.#branch(branches.ifFalse, types) },
      },
    });
  }

  #branch(build: () => readonly Value[], types: readonly ElementType[]): GraphInfo {
    const [outer, shared] = [this.#nodes, this.#shared];
    this.#nodes = [];
    // What the branch shares with itself is not there outside of it.
    this.#shared = new Map(shared);
    const values = build();
    const nodes = this.#nodes;
    this.#nodes = outer;
    this.#shared = shared;
    const outputs = types.map((type, at) => ({ name: values[at] ?? "", type, shape: undefined }));
    return { name: `branch_${this.#nodeCount++}`, inputs: [], outputs, tensors: [], nodes };
  }

  encode(): EncodedGraph {
    const rename = (value: Value) => this.#renamed.get(value) ?? value;
    const model = encodeModel({
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
    return { model, shapes: [...this.#shapes.values()] };
  }
}

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}
