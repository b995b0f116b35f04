import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { TargetProgram } from "@nightbeam/decoding";
import type { DeviceKind } from "../devices/device.js";
import { CHAT_TEMPLATE_FILES } from "../prompt/chat-template.js";
import { PROMPT_SPEC_FILE, type PromptSpec, readPromptSpec } from "../prompt/prompt-spec.js";
import { type ModelConfig, readModelConfig } from "./model-config.js";
import type { Precision } from "./precision.js";
import { listTensors, type StoredTensor } from "./safetensors.js";

/** A model directory as Hugging Face writes it, with `nightbeam.json`. */
export interface Checkpoint {
  readonly directory: string;
  readonly config: ModelConfig;
  readonly promptSpec: PromptSpec;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Reads what describes a checkpoint; the weights stay on disk. @throws ModelError */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const config = await readModelConfig(directory);
  const [tensors, promptSpec] = await Promise.all([
    listTensors(directory),
    readPromptSpec(directory),
  ]);
  return { directory, config, promptSpec, tensors };
}

/** Files beside the weights that decide what a model answers. */
export function describingFiles({ prompt }: Pick<PromptSpec, "prompt">): string[] {
  const files = ["config.json", PROMPT_SPEC_FILE, "tokenizer.json", "tokenizer_config.json"];
  return prompt.kind === "chat" ? [...files, ...CHAT_TEMPLATE_FILES] : files;
}

/** SHA-256 in hex over the files that decide what a model answers, weights included. */
export async function checkpointHash(checkpoint: Checkpoint): Promise<string> {
  const weights = [...new Set([...checkpoint.tensors.values()].map(({ file }) => file))].sort();
  const hash = createHash("sha256");
  for (const file of [...describingFiles(checkpoint.promptSpec), ...weights]) {
    const path = join(checkpoint.directory, file);
    if (!existsSync(path)) continue;
    hash.update(`${file}\n`);
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk);
    });
  }
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
