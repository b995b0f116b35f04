import { join } from "node:path";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.js";
import type { DescribedWeights } from "../checkpoint/checkpoint.js";
import { PRECISIONS, type Precision } from "../checkpoint/precision.js";
import { readJson } from "../checkpoint/read-json.js";
import { CPU, type Device } from "../devices/device.js";
import { memoryNeed } from "../devices/memory.js";

/** What the weights and `config.json` of a checkpoint say. */
export interface ModelReport {
  readonly modelType: string;
  /** Of the decoder, if there is an encoder. */
  readonly layers: number;
  /** Undefined for a decoder alone. */
  readonly encoder: { readonly layers: number; readonly startToken: number } | undefined;
  readonly width: number;
  readonly heads: { readonly attention: number; readonly keyValue: number };
  /** Undefined if positions are relative, which have no end. */
  readonly maxPositions: number | undefined;
  readonly vocabularySize: number;
  /** Whether the output layer has weights of its own, or those of the embedding. */
  readonly outputLayer: "own" | "tied";
  readonly weights: {
    readonly count: number;
    readonly bytes: number;
    /** Element types, such as F32. */
    readonly types: readonly string[];
    readonly files: readonly string[];
  };
  /** A LoRA adapter and the model that it is merged with. */
  readonly adapter: { readonly directory: string; readonly base: string } | undefined;
  /** Bytes of weights that a worker takes, besides the pages of files that it shares. */
  readonly workerBytes: readonly { device: Device["kind"]; precision: Precision; bytes: number }[];
}

const named = z.looseObject({ model_type: z.string() });

/** @throws ModelError */
export async function describeModel({
  base,
  adapter,
  config,
  tensors,
  weightFiles,
}: DescribedWeights): Promise<ModelReport> {
  const { architecture } = config;
  const stored = [...tensors.values()];
  const { model_type } = await readJson(join(base, "config.json"), {
    schema: named,
    code: "BAD_CHECKPOINT",
    remedy: "it should name its model_type",
  });
  const unique = (values: readonly string[]) => [...new Set(values)].sort();
  return {
    modelType: model_type,
    layers: architecture.memory.layers,
    encoder: encoderOf(architecture),
    width: architecture.hiddenSize,
    heads: {
      attention: architecture.attentionHeads,
      keyValue: architecture.memory.keyValueHeads,
    },
    maxPositions: Number.isFinite(architecture.maxPositions)
      ? architecture.maxPositions
      : undefined,
    vocabularySize: architecture.vocabularySize,
    outputLayer: architecture.outputWeight === architecture.embeddings ? "tied" : "own",
    weights: {
      count: stored.reduce((sum, { shape }) => sum + shape.reduce((all, size) => all * size, 1), 0),
      bytes: stored.reduce((sum, { length }) => sum + length, 0),
      types: unique(stored.map(({ type }) => type)),
      files: weightFiles,
    },
    adapter: adapter === undefined ? undefined : { directory: adapter.directory, base },
    workerBytes: DEVICES.flatMap((device) =>
      PRECISIONS.filter((precision) => runs(device, precision)).map((precision) => {
        const model = { device, precision, architecture, tensors, graphs: 1, maxBatchBytes: 0 };
        return { device: device.kind, precision, bytes: memoryNeed(model).weights };
      }),
    ),
  };
}

function encoderOf({ encoderLayers, rootToken }: Architecture): ModelReport["encoder"] {
  if (encoderLayers === 0) return undefined;
  // A decoder beside an encoder begins with the same token after every prompt.
  return { layers: encoderLayers, startToken: rootToken(new Int32Array()) };
}

const DEVICES: readonly Device[] = [CPU, { kind: "cuda", index: 0 }];

/** int8 is for CPUs; 16 bits are for GPUs, as they save nothing elsewhere. */
function runs({ kind }: Device, precision: Precision): boolean {
  return precision === "fp32" || (precision === "int8") === (kind === "cpu");
}
