import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { ModelError } from "../../errors.js";
import type { Rope, RopeScaling } from "./rope.js";

const parameters = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.number().nullish(),
  factor: z.number().positive().nullish(),
  original_max_position_embeddings: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  beta_fast: z.number().nonnegative().nullish(),
  beta_slow: z.number().nonnegative().nullish(),
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
  partial_rotary_factor: z.number().nullish(),
  original_max_position_embeddings: z.number().positive().nullish(),
};

export interface RawRope {
  readonly rope_theta?: number | undefined;
  readonly rope_scaling?: Parameters | null | undefined;
  readonly rope_parameters?: Parameters | null | undefined;
  readonly partial_rotary_factor?: number | null | undefined;
  readonly original_max_position_embeddings?: number | null | undefined;
  readonly max_position_embeddings: number;
}

/**
 * Two spellings of a setting may disagree, in files that two versions of transformers have written. The
 * rules are those of transformers 5: a `rope_scaling` that is not empty replaces `rope_parameters` as a
 * whole; in it, `rope_theta` and `rope_type` go before the `rope_theta` beside it and the older `type`; but
 * `original_max_position_embeddings` beside it goes before the one in it.
 *
 * @param path of the config, for errors
 * @throws ModelError UNSUPPORTED for an unknown kind of scaling; BAD_CHECKPOINT if a number is missing
 */
export function readRope(raw: RawRope, path: string): Rope {
  const scaling = raw.rope_scaling ?? {};
  const isOld = Object.keys(scaling).length > 0;
  const field = isOld ? "rope_scaling" : "rope_parameters";
  const given: Parameters = isOld ? scaling : (raw.rope_parameters ?? {});
  refuseParts(given, { raw, path, field });
  return {
    theta: given.rope_theta ?? raw.rope_theta ?? 10_000,
    scaling: readScaling(given, { raw, path, field }),
  };
}

interface Place {
  readonly raw: RawRope;
  readonly path: string;
  /** The field that `given` is of. */
  readonly field: string;
}

function refuseParts(given: Parameters, { raw, path, field }: Place): void {
  const refuse = (name: string, what: string) => {
    throw new ModelError("UNSUPPORTED", `${path}: ${name} ${what}`);
  };
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      refuse(
        `${field}.${name}`,
        `gives rotary positions to some layers alone, which models of this type do not have; write its fields into ${field} itself`,
      );
    }
  }
  if ((raw.partial_rotary_factor ?? 1) !== 1) refuse("partial_rotary_factor", "is not 1");
  if ((given.partial_rotary_factor ?? 1) !== 1)
    refuse(`${field}.partial_rotary_factor`, "is not 1");
}

function readScaling(given: Parameters, { raw, path, field }: Place): RopeScaling {
  const type = given.rope_type ?? given.type ?? "default";
  const bad = (name: string, what: string) =>
    new ModelError("BAD_CHECKPOINT", `${path}: ${name} ${what}`);
  const need = (name: "factor" | "low_freq_factor" | "high_freq_factor"): number => {
    const value = given[name];
    if (value === undefined || value === null) {
      throw bad(`${field}.${name}`, `is missing for ${type}`);
    }
    return value;
  };
  const original = (): number => {
    if (raw.original_max_position_embeddings === null) {
      throw bad("original_max_position_embeddings", `is null, and ${type} needs it`);
    }
    return (
      raw.original_max_position_embeddings ??
      given.original_max_position_embeddings ??
      raw.max_position_embeddings
    );
  };
  switch (type) {
    case "default":
      return { type };
    // Dynamic scaling changes nothing up to max_position_embeddings, the longest that runs here.
    case "dynamic":
      return { type: "default" };
    case "linear":
      return { type, factor: need("factor") };
    case "llama3":
      return {
        type,
        factor: need("factor"),
        lowFrequencyFactor: need("low_freq_factor"),
        highFrequencyFactor: need("high_freq_factor"),
        originalPositions: original(),
      };
    case "yarn": {
      const originalPositions = original();
      const factor =
        given.factor === null ? raw.max_position_embeddings / originalPositions : need("factor");
      return {
        type,
        factor,
        originalPositions,
        betaFast: given.beta_fast || 32,
        betaSlow: given.beta_slow || 1,
        // Python takes null for false.
        truncate: given.truncate !== null && (given.truncate ?? true),
        amplitude: given.attention_factor ?? yarnAmplitude(factor, given),
      };
    }
    default:
      throw new ModelError(
        "UNSUPPORTED",
        `${path}: ${field}.rope_type ${excerpt(type)} is not one of default, linear, dynamic, llama3, yarn`,
      );
  }
}

function yarnAmplitude(factor: number, given: Parameters): number {
  const scale = (m: number) => (factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1);
  if (given.mscale && given.mscale_all_dim) {
    return scale(given.mscale) / scale(given.mscale_all_dim);
  }
  return scale(1);
}
