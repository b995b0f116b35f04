import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * The few messages of onnx.proto (ONNX IR) that a graph of ours needs, written field by field.
 * Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */

/** TensorProto.DataType */
export const DataType = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const;
export type ElementType = keyof typeof DataType;

/** A dimension: a size, or the name of a size that is known when the graph runs. */
export type Dimension = number | string;

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** undefined: any shape. */
  readonly shape: readonly Dimension[] | undefined;
}

/** Where the bytes of a tensor are: in the graph's file, or at an offset of a file beside it. */
export type TensorData =
  | { readonly raw: Uint8Array }
  | { readonly location: string; readonly offset: number; readonly length: number };

export interface TensorInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly graph: GraphInfo };

export interface NodeInfo {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface GraphInfo {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly tensors: readonly TensorInfo[];
  readonly nodes: readonly NodeInfo[];
}

const IR_VERSION = 10;
const OPSETS: readonly (readonly [domain: string, version: number])[] = [
  ["", 21],
  ["com.microsoft", 1],
];

/** A ModelProto as bytes. */
export function encodeModel(graph: GraphInfo): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  writer.tag(2, WireType.LengthDelimited).string("nightbeam");
  message(writer, 7, (inner) => writeGraph(inner, graph));
  for (const [domain, version] of OPSETS) {
    message(writer, 8, (inner) => {
      inner.tag(1, WireType.LengthDelimited).string(domain);
      inner.tag(2, WireType.Varint).int64(version);
    });
  }
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, fill: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  fill(writer);
  writer.join();
}

function writeGraph(writer: BinaryWriter, graph: GraphInfo): void {
  for (const node of graph.nodes) message(writer, 1, (inner) => writeNode(inner, node));
  writer.tag(2, WireType.LengthDelimited).string(graph.name);
  for (const tensor of graph.tensors) message(writer, 5, (inner) => writeTensor(inner, tensor));
  for (const input of graph.inputs) message(writer, 11, (inner) => writeValueInfo(inner, input));
  for (const output of graph.outputs) message(writer, 12, (inner) => writeValueInfo(inner, output));
}

function writeNode(writer: BinaryWriter, node: NodeInfo): void {
  for (const input of node.inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of node.outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  writer.tag(3, WireType.LengthDelimited).string(node.name);
  writer.tag(4, WireType.LengthDelimited).string(node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, (inner) => writeAttribute(inner, name, value));
  }
  writer.tag(7, WireType.LengthDelimited).string(node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, value: AttributeValue): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    writer.tag(20, WireType.Varint).int32(1);
  } else if ("int" in value) {
    writer.tag(3, WireType.Varint).int64(value.int);
    writer.tag(20, WireType.Varint).int32(2);
  } else if ("graph" in value) {
    message(writer, 6, (inner) => writeGraph(inner, value.graph));
    writer.tag(20, WireType.Varint).int32(5);
  } else {
    for (const int of value.ints) writer.tag(8, WireType.Varint).int64(int);
    writer.tag(20, WireType.Varint).int32(7);
  }
}

function writeTensor(writer: BinaryWriter, tensor: TensorInfo): void {
  for (const dim of tensor.dims) writer.tag(1, WireType.Varint).int64(dim);
  writer.tag(2, WireType.Varint).int32(DataType[tensor.type]);
  writer.tag(8, WireType.LengthDelimited).string(tensor.name);
  const { data } = tensor;
  if ("raw" in data) {
    writer.tag(9, WireType.LengthDelimited).bytes(data.raw);
    return;
  }
  const entries = { location: data.location, offset: data.offset, length: data.length };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, (inner) => {
      inner.tag(1, WireType.LengthDelimited).string(key);
      inner.tag(2, WireType.LengthDelimited).string(String(value));
    });
  }
  writer.tag(14, WireType.Varint).int32(1);
}

function writeValueInfo(writer: BinaryWriter, info: ValueInfo): void {
  writer.tag(1, WireType.LengthDelimited).string(info.name);
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(DataType[info.type]);
      const dims = info.shape;
      if (dims === undefined) return;
      message(tensor, 2, (shape) => {
        for (const dim of dims) {
          message(shape, 1, (inner) => {
            if (typeof dim === "number") inner.tag(1, WireType.Varint).int64(dim);
            else inner.tag(2, WireType.LengthDelimited).string(dim);
          });
        }
      });
    }),
  );
}
