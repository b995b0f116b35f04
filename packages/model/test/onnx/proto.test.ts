import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../src/onnx/graph-builder.js";

/** Fields of a message by number; what is a message, a text or bytes stays bytes. */
type Fields = ReadonlyMap<number, readonly (bigint | number | Uint8Array)[]>;

/** Reads any message without knowing its schema. */
function fieldsOf(bytes: Uint8Array | bigint | number | undefined): Fields {
  if (!(bytes instanceof Uint8Array)) throw new Error("that field is no message");
  const fields = new Map<number, (bigint | number | Uint8Array)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    if (type === WireType.Varint) values.push(BigInt(reader.int64()));
    else if (type === WireType.Bit32) values.push(reader.float());
    else if (type === WireType.LengthDelimited) values.push(reader.bytes());
    else throw new Error(`field ${field} has wire type ${type}`);
  }
  return fields;
}

const one = (fields: Fields, field: number) => fields.get(field)?.[0];
const all = (fields: Fields, field: number) => fields.get(field) ?? [];
const text = (value: bigint | number | Uint8Array | undefined) =>
  value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
const texts = (fields: Fields, field: number) => all(fields, field).map(text);

/** Field numbers of onnx.proto. */
const MODEL = { irVersion: 1, graph: 7, opset: 8 };
const GRAPH = { node: 1, name: 2, tensor: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { name: 1, float: 2, int: 3, ints: 8, type: 20 };
const TENSOR = { dim: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 };

describe("a graph as an ONNX model", () => {
  const graph = new GraphBuilder("test");
  const x = graph.input("x", "float", ["rows", 3]);
  const weights = graph.tensor("weights", {
    type: "float",
    dims: [2, 3],
    data: { location: "model.safetensors", offset: 2 ** 40 + 7, length: 24 },
  });
  const product = graph.node("Gemm", [x, weights, ""], {
    attributes: { transB: { int: 1 }, alpha: { float: -0.5 }, perm: { ints: [0, -1, 300] } },
  });
  const [left = "", right = ""] = graph.nodes("Split", [product, graph.int64s([1, -2])], {
    outputs: 2,
    domain: "com.microsoft",
  });
  graph.int64s([1, -2]);
  graph.output("left", { value: left, type: "float", shape: ["rows", 1] });
  graph.node("Neg", [left]);
  graph.node("Neg", [right]);
  const model = fieldsOf(graph.encode().model);
  const encoded = fieldsOf(one(model, MODEL.graph));
  const nodes = all(encoded, GRAPH.node).map(fieldsOf);

  it("names its format and its operators' versions", () => {
    expect(one(model, MODEL.irVersion)).toBe(10n);
    const opsets = all(model, MODEL.opset).map(fieldsOf);
    expect(opsets.map((opset) => [text(one(opset, 1)), one(opset, 2)])).toEqual([
      ["", 21n],
      ["com.microsoft", 1n],
    ]);
    expect(text(one(encoded, GRAPH.name))).toBe("test");
  });

  it("has nodes with inputs, left-out inputs, outputs and domains", () => {
    const [gemm, split, ...users] = nodes;
    if (gemm === undefined || split === undefined) throw new Error("nodes are missing");
    expect(texts(gemm, NODE.input)).toEqual(["x", "weights", ""]);
    expect(texts(gemm, NODE.op)).toEqual(["Gemm"]);
    expect(texts(split, NODE.domain)).toEqual(["com.microsoft"]);
    // What is an output of the graph goes by its public name everywhere.
    expect(texts(split, NODE.output)).toEqual(["left", right]);
    expect(users.map((node) => texts(node, NODE.input))).toEqual([["left"], [right]]);
    expect(new Set(nodes.map((node) => text(one(node, NODE.name)))).size).toBe(4);
  });

  it("has attributes of every kind, with their types", () => {
    const [gemm] = nodes;
    const attributes = all(gemm ?? new Map(), NODE.attribute).map(fieldsOf);
    const read = (name: string) => {
      const found = attributes.find((one) => text(one.get(ATTRIBUTE.name)?.[0]) === name);
      if (found === undefined) throw new Error(`no attribute ${name}`);
      return found;
    };
    expect([one(read("transB"), ATTRIBUTE.int), one(read("transB"), ATTRIBUTE.type)]).toEqual([
      1n,
      2n,
    ]);
    expect([one(read("alpha"), ATTRIBUTE.float), one(read("alpha"), ATTRIBUTE.type)]).toEqual([
      -0.5,
      1n,
    ]);
    expect([all(read("perm"), ATTRIBUTE.ints), one(read("perm"), ATTRIBUTE.type)]).toEqual([
      [0n, -1n, 300n],
      7n,
    ]);
  });

  it("has tensors with their bytes, or with the place of them", () => {
    const tensors = all(encoded, GRAPH.tensor).map(fieldsOf);
    expect(tensors).toHaveLength(2);
    const [outside, inside] = tensors;
    if (outside === undefined || inside === undefined) throw new Error("tensors are missing");
    expect(all(outside, TENSOR.dim)).toEqual([2n, 3n]);
    expect(one(outside, TENSOR.type)).toBe(1n);
    expect(one(outside, TENSOR.location)).toBe(1n);
    const entries = all(outside, TENSOR.external).map(fieldsOf);
    expect(entries.map((entry) => [text(one(entry, 1)), text(one(entry, 2))])).toEqual([
      ["location", "model.safetensors"],
      ["offset", "1099511627783"],
      ["length", "24"],
    ]);
    expect(one(inside, TENSOR.type)).toBe(7n);
    expect(one(inside, TENSOR.raw)).toEqual(new Uint8Array(BigInt64Array.of(1n, -2n).buffer));
    expect(one(inside, TENSOR.location)).toBeUndefined();
  });

  it("has inputs and outputs with sizes or names of sizes", () => {
    const shapes = [GRAPH.input, GRAPH.output].map((field) => {
      const info = fieldsOf(one(encoded, field));
      const tensor = fieldsOf(one(fieldsOf(one(info, 2)), 1));
      const dims = all(fieldsOf(one(tensor, 2)), 1).map(fieldsOf);
      return [
        text(one(info, 1)),
        one(tensor, 1),
        dims.map((dim) => one(dim, 1) ?? text(one(dim, 2))),
      ];
    });
    expect(shapes).toEqual([
      ["x", 1n, ["rows", 3n]],
      ["left", 1n, ["rows", 1n]],
    ]);
  });
});
