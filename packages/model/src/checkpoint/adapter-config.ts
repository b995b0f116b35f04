import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { ModelError } from "../errors.js";
import { readJson } from "./read-json.js";

export const ADAPTER_CONFIG = "adapter_config.json";
export const ADAPTER_WEIGHTS = "adapter_model.safetensors";

/** What decides how an adapter changes the weights. */
export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Ranks and alphas of modules whose names match a regular expression, in order. */
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
  /** Rank-stabilised: divides by √r, not by r. */
  readonly rankStabilised: boolean;
  /** Modules that the adapter replaces as a whole. */
  readonly savedModules: readonly string[];
  /** Rows that the adapter replaces, by module. */
  readonly tokenRows: Readonly<Record<string, readonly number[]>>;
}

const schema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive().default(8),
  lora_alpha: z.number().default(8),
  use_rslora: z.boolean().nullish(),
  bias: z.string().nullish(),
  rank_pattern: z.record(z.string(), z.int().positive()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  modules_to_save: z.array(z.string()).nullish(),
  trainable_token_indices: z
    .union([z.array(z.int().nonnegative()), z.record(z.string(), z.array(z.int().nonnegative()))])
    .nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
});
type RawAdapter = z.output<typeof schema>;

/** Adapters that are read with the prompt, and are no part of any weight. */
const IN_PROMPT = /PROMPT|PREFIX|P_TUNING|CPT/;

/** Settings under which an adapter is more than W + B·A, or other weights than those of the base. */
const OTHER_METHODS = [
  "use_dora",
  "use_qalora",
  "use_bdlora",
  "lora_bias",
  "layer_replication",
  "target_parameters",
  "alora_invocation_tokens",
  "arrow_config",
  "kasa_config",
  "monteclora_config",
  "velora_config",
] as const;

/** Initialisations that leave the base's weights as they are; others subtract from them first. */
const PLAIN_STARTS: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  "gaussian",
  "eva",
  "orthogonal",
];

/**
 * Reads `adapter_config.json` as peft writes it.
 *
 * @param path of the file
 * @param options.merge the command that merges the adapter with peft, for errors
 * @throws ModelError BAD_CHECKPOINT; UNSUPPORTED for other adapters than plain LoRA, naming the field
 */
export async function readAdapterConfig(
  path: string,
  { merge }: { readonly merge: string },
): Promise<{ settings: AdapterSettings; base: string | undefined }> {
  const raw = await readJson(path, {
    schema,
    code: "BAD_CHECKPOINT",
    remedy: "an adapter is a directory as `save_pretrained` of peft writes it",
  });
  refuseOthers(raw, { path, merge });
  const { trainable_token_indices: rows } = raw;
  return {
    base: raw.base_model_name_or_path || undefined,
    settings: {
      rank: raw.r,
      alpha: raw.lora_alpha,
      rankPattern: raw.rank_pattern ?? {},
      alphaPattern: raw.alpha_pattern ?? {},
      rankStabilised: raw.use_rslora === true,
      savedModules: raw.modules_to_save ?? [],
      tokenRows: Array.isArray(rows) ? { embed_tokens: rows } : (rows ?? {}),
    },
  };
}

function refuseOthers(raw: RawAdapter, { path, merge }: { path: string; merge: string }): void {
  const refuse = (what: string) => {
    throw new ModelError("UNSUPPORTED", `${path}: ${what}; merge it with peft: ${merge}`);
  };
  if (IN_PROMPT.test(raw.peft_type)) {
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: peft_type ${excerpt(raw.peft_type)} adds to the prompt and cannot be merged into weights; train a LoRA adapter`,
    );
  }
  if (raw.peft_type !== "LORA") {
    refuse(
      `peft_type ${excerpt(raw.peft_type)} is not LORA, the one that is merged when a model is loaded`,
    );
  }
  if ((raw.bias ?? "none") !== "none") refuse(`bias ${excerpt(raw.bias)} is not none`);
  for (const field of OTHER_METHODS) {
    if (isSet(raw[field])) refuse(`${field} is set, which is more than plain LoRA`);
  }
  if (!PLAIN_STARTS.includes(raw.init_lora_weights)) {
    refuse(`init_lora_weights ${excerpt(raw.init_lora_weights)} changes the base's weights too`);
  }
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
