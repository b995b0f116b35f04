import { z } from "zod";
import { ModelError } from "../../errors.js";

/** Rotary position embedding: how fast each pair of dimensions turns, and by how much it is stretched. */
export interface Rope {
  /** Radians per position, for each pair of a head's dimensions. Shape [head size / 2]. */
  inverseFrequencies(headSize: number): Float64Array;
  /** Factor on cosines and sines (YaRN's attention factor); 1 otherwise. */
  readonly amplitude: number;
}

const parameters = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().nullish(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  beta_fast: z.number().positive().nullish(),
  beta_slow: z.number().positive().nullish(),
  attention_factor: z.number().positive().nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  truncate: z.boolean().nullish(),
});
type Parameters = z.output<typeof parameters>;

/** The fields of `config.json` about it: `rope_parameters` (new) or `rope_scaling` with `rope_theta`. */
export const ropeFields = {
  rope_theta: z.number().positive().optional(),
  rope_scaling: parameters.nullish(),
  rope_parameters: parameters.nullish(),
};

interface RawRope {
  readonly rope_theta?: number | undefined;
  readonly rope_scaling?: Parameters | null | undefined;
  readonly rope_parameters?: Parameters | null | undefined;
  readonly max_position_embeddings: number;
}

/**
 * @param path of the config, for errors
 * @throws ModelError UNSUPPORTED for an unknown kind of scaling; BAD_CHECKPOINT if a number is missing
 */
export function readRope(raw: RawRope, path: string): Rope {
  const given: Parameters = raw.rope_parameters ?? raw.rope_scaling ?? {};
  const theta = given.rope_theta ?? raw.rope_theta ?? 10_000;
  const type = given.rope_type ?? given.type ?? "default";
  const field = raw.rope_parameters ? "rope_parameters" : "rope_scaling";
  const need = (name: "factor" | "low_freq_factor" | "high_freq_factor"): number => {
    const value = given[name];
    if (value === undefined) {
      throw new ModelError("BAD_CHECKPOINT", `${path}: ${field}.${name} is missing for ${type}`);
    }
    return value;
  };
  const original = given.original_max_position_embeddings ?? raw.max_position_embeddings;
  const plain = (headSize: number) =>
    Float64Array.from({ length: headSize / 2 }, (_, i) => theta ** ((-2 * i) / headSize));
  switch (type) {
    case "default":
    // Dynamic scaling changes nothing up to max_position_embeddings, the longest that runs here.
    case "dynamic":
      return { inverseFrequencies: plain, amplitude: 1 };
    case "linear": {
      const factor = need("factor");
      return { inverseFrequencies: (size) => plain(size).map((f) => f / factor), amplitude: 1 };
    }
    case "llama3": {
      const bands = {
        factor: need("factor"),
        low: need("low_freq_factor"),
        high: need("high_freq_factor"),
        original,
      };
      return {
        inverseFrequencies: (size) => plain(size).map((f) => llama3(f, bands)),
        amplitude: 1,
      };
    }
    case "yarn":
      return {
        inverseFrequencies: (size) =>
          yarn(plain(size), { ...given, theta, factor: need("factor"), original }),
        amplitude: given.attention_factor ?? yarnAmplitude(need("factor"), given),
      };
    default:
      throw new ModelError(
        "UNSUPPORTED",
        `${path}: ${field}.rope_type "${type}" is not one of default, linear, dynamic, llama3, yarn`,
      );
  }
}

/** Llama 3.1: slow dimensions are stretched, fast ones kept, the ones in between blended. */
function llama3(
  frequency: number,
  bands: { factor: number; low: number; high: number; original: number },
): number {
  const turns = (bands.original * frequency) / (2 * Math.PI);
  if (turns < bands.low) return frequency / bands.factor;
  if (turns > bands.high) return frequency;
  const kept = (turns - bands.low) / (bands.high - bands.low);
  return (1 - kept) * (frequency / bands.factor) + kept * frequency;
}

/** YaRN (Peng et al. 2023, §3.2): a ramp over the dimensions between stretched and kept. */
function yarn(
  plain: Float64Array,
  options: Parameters & { theta: number; factor: number; original: number },
): Float64Array {
  const { theta, factor, original } = options;
  const headSize = plain.length * 2;
  const dimensionOf = (turns: number) =>
    (headSize * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  let low = dimensionOf(options.beta_fast ?? 32);
  let high = dimensionOf(options.beta_slow ?? 1);
  if (options.truncate ?? true) {
    low = Math.floor(low);
    high = Math.ceil(high);
  }
  low = Math.max(low, 0);
  high = Math.min(high, headSize - 1);
  if (low === high) high += 0.001;
  return plain.map((frequency, i) => {
    const stretched = Math.min(1, Math.max(0, (i - low) / (high - low)));
    return (frequency / factor) * stretched + frequency * (1 - stretched);
  });
}

function yarnAmplitude(factor: number, given: Parameters): number {
  const scale = (m: number) => (factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1);
  if (given.mscale && given.mscale_all_dim) {
    return scale(given.mscale) / scale(given.mscale_all_dim);
  }
  return scale(1);
}

/** Cosines and sines of the first `positions` positions. Shape of each [positions, head size / 2]. */
export function ropeTables(
  rope: Rope,
  size: { headSize: number; positions: number },
): { cosines: Float32Array; sines: Float32Array } {
  const half = size.headSize / 2;
  const frequencies = rope.inverseFrequencies(size.headSize);
  const cosines = new Float32Array(size.positions * half);
  const sines = new Float32Array(size.positions * half);
  for (let position = 0; position < size.positions; position++) {
    for (let i = 0; i < half; i++) {
      // PyTorch multiplies in float32; the same rounding keeps the angles the same.
      const angle = Math.fround(position * Math.fround(frequencies[i] ?? 0));
      cosines[position * half + i] = Math.cos(angle) * rope.amplitude;
      sines[position * half + i] = Math.sin(angle) * rope.amplitude;
    }
  }
  return { cosines, sines };
}
