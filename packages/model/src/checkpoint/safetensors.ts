import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { openRegular, StoreError } from "@nightbeam/store";
import { z } from "zod";
import { ModelError } from "../errors.js";
import { readBytes } from "./bytes.js";
import { explainPath } from "./explain-directory.js";
import { isPointer, pointerProblem } from "./lfs-pointer.js";
import { readJson } from "./read-json.js";
import type { StoredTensor } from "./stored-tensor.js";

/** Bytes per number of the element types of the format; of types that pack several into a byte it is not checked. */
const NUMBER_BYTES: ReadonlyMap<string, number> = new Map([
  ...["F64", "I64", "U64"].map((type) => [type, 8] as const),
  ...["F32", "I32", "U32"].map((type) => [type, 4] as const),
  ...["F16", "BF16", "I16", "U16"].map((type) => [type, 2] as const),
  ...["I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"].map((type) => [type, 1] as const),
]);

const header = z.record(
  z.string(),
  z.union([
    z.strictObject({
      dtype: z.string(),
      shape: z.array(z.int().nonnegative()),
      data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
    }),
    // "__metadata__": free text.
    z.record(z.string(), z.string()),
  ]),
);
const shardIndex = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** A header of 100 MB describes more tensors than any checkpoint has: a larger one means a broken file. */
const MAX_HEADER_BYTES = 100_000_000;

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Whether a directory has weights that can be read here. */
export function hasWeights(directory: string): boolean {
  return [WEIGHTS, INDEX].some((file) => existsSync(join(directory, file)));
}

/** A checkpoint's weights as they are stored. */
export interface StoredWeights {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Names of the files that they are in. */
  readonly files: readonly string[];
}

/**
 * Lists the tensors of a checkpoint: of `model.safetensors`, or of the shards that
 * `model.safetensors.index.json` names. Only headers are read.
 *
 * @throws ModelError MISSING_FILE, BAD_CHECKPOINT
 */
export async function listTensors(directory: string): Promise<StoredWeights> {
  const tensors = new Map<string, StoredTensor>();
  const files = await weightFiles(directory);
  for (const file of files) {
    for (const tensor of await readHeader(join(directory, file))) {
      const other = tensors.get(tensor.name);
      if (other !== undefined) {
        throw new ModelError(
          "BAD_CHECKPOINT",
          `tensor ${tensor.name} is in ${other.file} and again in ${file}; remove one of them`,
        );
      }
      tensors.set(tensor.name, tensor);
    }
  }
  return { tensors, files };
}

/** As transformers does, one file goes before an index. */
async function weightFiles(directory: string): Promise<string[]> {
  if (existsSync(join(directory, WEIGHTS))) return [WEIGHTS];
  const index = join(directory, INDEX);
  if (!existsSync(index)) {
    throw new ModelError(
      "MISSING_FILE",
      `there is no ${join(directory, WEIGHTS)}: ${explainPath(directory)}`,
    );
  }
  const { weight_map } = await readJson(index, {
    schema: shardIndex,
    code: "BAD_CHECKPOINT",
    remedy: "it should map tensor names to shard files",
  });
  const files = [...new Set(Object.values(weight_map))].sort();
  for (const file of files) {
    if (basename(file) !== file) {
      throw new ModelError(
        "BAD_CHECKPOINT",
        `${index}: "${file}" is not the name of a file in the same directory`,
      );
    }
  }
  const missing = files.filter((file) => !existsSync(join(directory, file)));
  if (missing.length > 0) {
    throw new ModelError(
      "MISSING_FILE",
      `${index} names ${missing.length} of ${files.length} files that do not exist, such as ${join(directory, missing[0] ?? "")}; download or copy them again`,
    );
  }
  return files;
}

/** The tensors of one file. @throws ModelError MISSING_FILE, BAD_CHECKPOINT */
export async function readHeader(path: string): Promise<StoredTensor[]> {
  const bad = (what: string, cause?: unknown) =>
    new ModelError("BAD_CHECKPOINT", `${path} is not a safetensors file: ${what}`, { cause });
  let handle: FileHandle;
  try {
    handle = await openRegular(path);
  } catch (cause) {
    if (cause instanceof StoreError)
      throw new ModelError("BAD_CHECKPOINT", cause.message, { cause });
    throw new ModelError(
      "MISSING_FILE",
      `cannot read ${path}: ${dirname(path)} should hold a checkpoint's weights as safetensors`,
      { cause },
    );
  }
  try {
    const { size } = await handle.stat();
    if (await isPointer(handle, size)) throw new ModelError("BAD_CHECKPOINT", pointerProblem(path));
    if (size < 8) throw bad("it is shorter than its own header");
    const start = await readBytes(handle, { offset: 0, length: 8 });
    const length = Number(new DataView(start).getBigUint64(0, true));
    if (length > MAX_HEADER_BYTES || 8 + length > size) {
      throw bad(`a header of ${length} bytes does not fit`);
    }
    const text = new TextDecoder().decode(await readBytes(handle, { offset: 8, length }));
    const entries = Object.entries(parseHeader(text, bad));
    const tensors = entries.flatMap(([name, entry]): StoredTensor[] => {
      if (name === "__metadata__" || !isTensor(entry)) return [];
      const [begin, end] = entry.data_offsets;
      if (end < begin || 8 + length + end > size) {
        throw bad(`tensor ${name} lies outside the file; was the download cut off?`);
      }
      const elements = entry.shape.reduce((product, dim) => product * dim, 1);
      const numberBytes = NUMBER_BYTES.get(entry.dtype);
      if (numberBytes !== undefined && end - begin !== elements * numberBytes) {
        throw bad(`tensor ${name} has ${end - begin} bytes for [${entry.shape}] in ${entry.dtype}`);
      }
      return [
        {
          name,
          type: entry.dtype,
          shape: entry.shape,
          directory: dirname(path),
          file: basename(path),
          offset: 8 + length + begin,
          length: end - begin,
        },
      ];
    });
    const problem = layoutProblem(tensors, { text, start: 8 + length });
    if (problem !== undefined) throw bad(problem);
    return tensors;
  } finally {
    await handle.close();
  }
}

/** No byte belongs to two tensors, and every name is there once. Bytes that no tensor names are left alone. */
function layoutProblem(
  tensors: readonly StoredTensor[],
  file: { readonly text: string; readonly start: number },
): string | undefined {
  // JSON.parse keeps the last of two equal names. Inside of texts, quotes are escaped.
  const declared = file.text.match(/"data_offsets"\s*:/g)?.length ?? 0;
  const named = /"__metadata__"\s*:\s*\{[^}]*"data_offsets"\s*:/.test(file.text) ? 1 : 0;
  if (declared > tensors.length + named) return "a tensor's name is in its header twice";
  let at = file.start;
  let before = "its header";
  for (const { name, offset, length } of tensors.toSorted(byPlace)) {
    if (length === 0) continue;
    if (offset < at) return `tensor ${name} overlaps ${before}`;
    at = offset + length;
    before = `tensor ${name}`;
  }
  return undefined;
}

function byPlace(a: StoredTensor, b: StoredTensor): number {
  return a.offset - b.offset || a.length - b.length;
}

type HeaderEntry = z.output<typeof header>[string];

function isTensor(entry: HeaderEntry): entry is Extract<HeaderEntry, { data_offsets: unknown }> {
  return "data_offsets" in entry && typeof entry.data_offsets !== "string";
}

function parseHeader(
  text: string,
  bad: (what: string, cause?: unknown) => ModelError,
): z.output<typeof header> {
  try {
    return header.parse(JSON.parse(text));
  } catch (cause) {
    throw bad("its header does not match the format", cause);
  }
}
