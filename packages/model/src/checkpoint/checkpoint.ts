import { createHash } from "node:crypto";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { TargetProgram } from "@nightbeam/decoding";
import { streamRegular } from "@nightbeam/store";
import type { DeviceKind } from "../devices/device.js";
import type { PromptSpec } from "../prompt/prompt-spec.js";
import { adaptTensors } from "./adapter.js";
import { ADAPTER_WEIGHTS } from "./adapter-config.js";
import { type Description, describeCheckpoint, describingFiles, promptSpecOf } from "./describe.js";
import { type Change, changedNumbers } from "./merge.js";
import { toFloat32 } from "./numbers.js";
import type { Precision } from "./precision.js";
import { listTensors } from "./safetensors.js";
import { readTensor, type StoredTensor } from "./stored-tensor.js";
import { plainNames } from "./tensor-names.js";
import { settleEmbeddings, settleHead } from "./tied-head.js";

/** A model directory as Hugging Face writes it, perhaps with an adapter; the weights stay on disk. */
export interface DescribedWeights extends Description {
  /** By plain names (tensor-names.ts), without those that no graph uses. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What an adapter does to tensors while they are read. */
  readonly changes: ReadonlyMap<string, Change>;
  /** Names of the files that the base's weights are in. */
  readonly weightFiles: readonly string[];
}

/** The same with `nightbeam.json`. */
export interface Checkpoint extends DescribedWeights {
  readonly promptSpec: PromptSpec;
}

/** Reads what describes a checkpoint; the weights stay on disk. @throws ModelError */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const weights = await describeWeights(directory);
  return { ...weights, promptSpec: await promptSpecOf(weights) };
}

/** The same for a checkpoint that may have no `nightbeam.json` yet. @throws ModelError */
export async function describeWeights(directory: string): Promise<DescribedWeights> {
  const description = await describeCheckpoint(directory);
  const { base, adapter, config } = description;
  const stored = await listTensors(base);
  const plain = plainNames(stored.tensors, config);
  const used = new Map([...plain.tensors].filter(([name]) => !config.architecture.isIgnored(name)));
  const path = join(base, "config.json");
  const embedded = await settleEmbeddings(config.architecture, { tensors: used, path });
  const settled = await settleHead(config.architecture, { tensors: embedded, path });
  const whole = { ...description, weightFiles: stored.files };
  if (adapter === undefined) {
    const { architecture, tensors } = settled;
    return { ...whole, config: { ...config, architecture }, tensors, changes: new Map() };
  }
  const names = plain.names;
  const adapted = adaptTensors({ directory: base, names, ...settled }, adapter);
  const { changes } = adapted;
  const isChanged = (name: string) => {
    const change = changes.get(name);
    return change?.product !== undefined || change?.rows !== undefined;
  };
  const { architecture, tensors } = await settleHead(settled.architecture, {
    tensors: adapted.tensors,
    path,
    isChanged,
  });
  return { ...whole, config: { ...config, architecture }, tensors, changes };
}

/** A tensor's numbers as 32-bit floats, with what an adapter does to them. @throws ModelError UNSUPPORTED */
export async function readNumbers(
  { changes }: Pick<Checkpoint, "changes">,
  tensor: StoredTensor,
): Promise<Float32Array<ArrayBuffer>> {
  const change = changes.get(tensor.name);
  return change === undefined
    ? toFloat32(tensor, await readTensor(tensor))
    : changedNumbers(tensor, change);
}

/** SHA-256 in hex over what decides what a model answers, weights included. */
export async function checkpointHash(checkpoint: Checkpoint): Promise<string> {
  const { base, adapter, weightFiles } = checkpoint;
  const hash = createHash("sha256");
  const weights = weightFiles.map((file) => ({ file, path: join(base, file) }));
  const adapted =
    adapter === undefined
      ? []
      : [{ file: ADAPTER_WEIGHTS, path: join(adapter.directory, ADAPTER_WEIGHTS) }];
  const describing = describingFiles(checkpoint, checkpoint.promptSpec);
  for (const { file, path } of [...describing, ...weights, ...adapted]) {
    hash.update(`${file}\n`);
    await pipeline(await streamRegular(path, { chunkBytes: 1 << 20 }), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk);
    });
  }
  // The settings alone: adapter_config.json also says where the base was when the adapter was trained.
  if (adapter !== undefined) hash.update(JSON.stringify(adapter.settings));
  return hash.digest("hex");
}

/**
 * Identifies a model's answers: models with equal hashes give equal answers, so a client may ask any of
 * them. On CPUs they are equal to the bit, and for tree calls in fp32 the hash is the checkpoint's. Other
 * devices and programs have hashes of their own, so that a run never mixes them. SHA-256 in hex.
 */
export function answersHash(model: {
  readonly checkpoint: string;
  readonly precision: Precision;
  readonly device: DeviceKind;
  /** What the model is run for. Default: tree-scores. */
  readonly program?: TargetProgram;
}): string {
  const { checkpoint, precision, device, program = "tree-scores" } = model;
  const parts = [
    ...(precision === "fp32" && device === "cpu" ? [] : [precision]),
    ...(device === "cpu" ? [] : [device]),
    ...(program === "tree-scores" ? [] : [program]),
  ];
  if (parts.length === 0) return checkpoint;
  return createHash("sha256")
    .update([checkpoint, ...parts].join(" "))
    .digest("hex");
}
