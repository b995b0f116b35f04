import { copyFileSync, existsSync } from "node:fs";
import { mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "@nightbeam/store";
import { ModelError } from "../errors.js";
import { stepsName } from "../onnx/linear.js";
import { writeBytes } from "./bytes.js";
import { type Checkpoint, openCheckpoint, readNumbers } from "./checkpoint.js";
import { describingFiles } from "./describe.js";
import { type FloatFormat, fromFloat32, quantizeColumns } from "./numbers.js";
import { type Precision, STORED_FLOATS } from "./precision.js";
import type { StoredTensor } from "./stored-tensor.js";

/** Whether onnxruntime can read the weights where they are. */
export function isReady(checkpoint: Checkpoint, precision: Precision): boolean {
  if (checkpoint.adapter !== undefined) return false;
  if (precision === "int8") return isQuantized(checkpoint);
  const { architecture } = checkpoint.config;
  return [...checkpoint.tensors.values()].every(
    ({ name, type }) =>
      type === STORED_FLOATS[precision] || (type === "F32" && architecture.isWide(name)),
  );
}

/** Whether a checkpoint was written by `convertCheckpoint` with precision int8. */
export function isQuantized({ tensors }: Pick<Checkpoint, "tensors">): boolean {
  return [...tensors.values()].some(({ type }) => type === "I8");
}

/**
 * Converts a checkpoint to numbers that onnxruntime runs: a complete checkpoint of its own. Written to a
 * temporary directory and renamed, so a directory with the final name is whole.
 *
 * @param options.out must not exist, or be empty
 * @throws ModelError UNSUPPORTED for weights of an unknown type, or outside the range of fp16; errors of
 * the file system
 */
export async function convertCheckpoint(
  checkpoint: Checkpoint,
  options: { precision: Precision; out: string },
): Promise<Checkpoint> {
  await makeDirectory(dirname(options.out));
  // A unique name: two processes, or two models of one process, may convert the same checkpoint.
  const partial = await mkdtemp(`${options.out}.partial-`);
  try {
    for (const { file, path } of describingFiles(checkpoint, checkpoint.promptSpec)) {
      copyFileSync(path, join(partial, file));
    }
    await sizeVocabulary(checkpoint, join(partial, "config.json"));
    await writeWeights(checkpoint, { path: join(partial, "model.safetensors"), ...options });
    await rename(partial, options.out);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return openCheckpoint(options.out);
}

/**
 * The checkpoint itself if it can be run as it is; otherwise its conversion, made once and kept in the
 * cache directory, named by content.
 *
 * @param options.hash of the checkpoint
 * @throws ModelError UNSUPPORTED
 */
export async function readyCheckpoint(
  checkpoint: Checkpoint,
  options: { precision: Precision; cacheDirectory: string; hash: string },
): Promise<Checkpoint> {
  const { precision, cacheDirectory, hash } = options;
  if (isReady(checkpoint, precision)) return checkpoint;
  if (isQuantized(checkpoint)) {
    throw new ModelError(
      "UNSUPPORTED",
      `${checkpoint.directory} is an int8 conversion and cannot run as ${precision}; use the checkpoint that it was made from`,
    );
  }
  const out = join(cacheDirectory, `${hash.slice(0, 16)}-${precision}`);
  if (existsSync(out)) return openCheckpoint(out);
  try {
    return await convertCheckpoint(checkpoint, { precision, out });
  } catch (error) {
    // Another process finished first, and its conversion is as good.
    if (existsSync(out)) return openCheckpoint(out);
    throw error;
  }
}

/** An adapter may have more embeddings than the base that config.json describes. */
async function sizeVocabulary({ adapter, config }: Checkpoint, path: string): Promise<void> {
  if (adapter === undefined) return;
  const json: { text_config?: object | null } = JSON.parse(await readFile(path, "utf8"));
  const size = { vocab_size: config.architecture.vocabularySize };
  // A text_config goes before what is beside it.
  const nested = json.text_config == null ? {} : { text_config: { ...json.text_config, ...size } };
  const sized = { ...json, ...size, ...nested };
  await writeFile(path, `${JSON.stringify(sized, null, 2)}\n`);
}

interface Piece {
  readonly name: string;
  readonly dtype: "F32" | "F16" | "BF16" | "I8";
  readonly shape: readonly number[];
  readonly bytes: number;
}

interface Becomes {
  /** Floating-point numbers of this type, if it is not quantised. */
  readonly floats: FloatFormat;
  readonly quantize: boolean;
}

/** What a stored tensor becomes: itself in another type, or bytes and the step of each column. */
function piecesOf(tensor: StoredTensor, { floats, quantize }: Becomes): Piece[] {
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  if (!quantize) {
    const bytes = (floats === "F32" ? 4 : 2) * elements;
    return [{ name: tensor.name, dtype: floats, shape: tensor.shape, bytes }];
  }
  const [outputs = 0, inputs = 0] = tensor.shape;
  return [
    // Steps first: their four-byte numbers stay aligned for any sizes of the matrices.
    { name: stepsName(tensor.name), dtype: "F32", shape: [outputs], bytes: 4 * outputs },
    { name: tensor.name, dtype: "I8", shape: [inputs, outputs], bytes: elements },
  ];
}

async function writeWeights(
  checkpoint: Checkpoint,
  options: { path: string; precision: Precision },
): Promise<void> {
  const tensors = [...checkpoint.tensors.values()];
  const { architecture } = checkpoint.config;
  const floats = STORED_FLOATS[options.precision];
  const becomes = ({ name }: StoredTensor): Becomes => ({
    floats: architecture.isWide(name) ? "F32" : floats,
    // Embeddings and the output layer stay as they are.
    quantize: options.precision === "int8" && architecture.isLinear(name),
  });
  const pieces = tensors.flatMap((tensor) => piecesOf(tensor, becomes(tensor)));
  // Floats before bytes, again for alignment.
  const ordered = [
    ...pieces.filter(({ dtype }) => dtype !== "I8"),
    ...pieces.filter(({ dtype }) => dtype === "I8"),
  ];
  const places = new Map<string, number>();
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const { name, dtype, shape, bytes } of ordered) {
    places.set(name, end);
    header[name] = { dtype, shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const text = JSON.stringify(header);
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, " ");
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(padded.length));
  const handle = await open(options.path, "w");
  try {
    await writeBytes(handle, Buffer.concat([start, Buffer.from(padded)]), 0);
    for (const tensor of tensors) {
      const values = await readNumbers(checkpoint, tensor);
      for (const [name, bytes] of encode(tensor, { values, ...becomes(tensor) })) {
        await writeBytes(handle, bytes, 8 + padded.length + (places.get(name) ?? 0));
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function encode(
  tensor: StoredTensor,
  options: Becomes & { values: Float32Array<ArrayBuffer> },
): [name: string, bytes: Uint8Array][] {
  const { values, floats, quantize } = options;
  if (!quantize) return [[tensor.name, fromFloat32(tensor, { values, to: floats })]];
  const [outputs = 0, inputs = 0] = tensor.shape;
  const { bytes, steps } = quantizeColumns(values, { inputs, outputs });
  return [
    [stepsName(tensor.name), new Uint8Array(steps.buffer)],
    [tensor.name, new Uint8Array(bytes.buffer)],
  ];
}
