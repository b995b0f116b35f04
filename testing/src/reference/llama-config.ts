/** What the forward pass needs of `config.json`. */
export interface ReferenceConfig {
  readonly vocabularySize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly epsilon: number;
  readonly tiedHead: boolean;
  readonly queryKeyNorm: boolean;
  /** Blocks of a heads draft; 0 without. */
  readonly levelHeads: number;
  readonly rope: ReferenceRope;
}

export interface ReferenceRope {
  /** Radians a position, for each pair of a head's dimensions. */
  readonly frequencies: readonly number[];
  /** Factor on cosines and sines. */
  readonly amplitude: number;
}

interface RawRope {
  readonly rope_type?: string;
  readonly type?: string;
  readonly rope_theta?: number;
  readonly factor?: number;
  readonly original_max_position_embeddings?: number | null;
  readonly low_freq_factor?: number;
  readonly high_freq_factor?: number;
  readonly beta_fast?: number | null;
  readonly beta_slow?: number | null;
  readonly attention_factor?: number | null;
  readonly mscale?: number | null;
  readonly mscale_all_dim?: number | null;
  readonly truncate?: boolean;
}

interface RawConfig {
  readonly model_type: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | null;
  readonly head_dim?: number | null;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings?: boolean;
  readonly nightbeam_heads?: number;
  readonly max_position_embeddings: number;
  readonly rope_theta?: number;
  /** The older name of `rope_parameters`, without the base. */
  readonly rope_scaling?: RawRope | null;
  readonly rope_parameters?: RawRope | null;
}

/** The parsed `config.json` of a model that Hugging Face can load; nothing is checked. */
export function readReferenceConfig(raw: RawConfig): ReferenceConfig {
  const heads = raw.num_attention_heads;
  const headSize = raw.head_dim ?? raw.hidden_size / heads;
  return {
    vocabularySize: raw.vocab_size,
    width: raw.hidden_size,
    layers: raw.num_hidden_layers,
    heads,
    keyValueHeads: raw.num_key_value_heads ?? heads,
    headSize,
    epsilon: raw.rms_norm_eps,
    tiedHead: raw.tie_word_embeddings ?? false,
    queryKeyNorm: raw.model_type === "qwen3",
    levelHeads: raw.nightbeam_heads ?? 0,
    rope: readRope(raw, headSize),
  };
}

function readRope(raw: RawConfig, headSize: number): ReferenceRope {
  const scaling = raw.rope_scaling ?? {};
  const given = Object.keys(scaling).length > 0 ? scaling : (raw.rope_parameters ?? {});
  const theta = given.rope_theta ?? raw.rope_theta ?? 10_000;
  const factor = given.factor ?? 1;
  const original = given.original_max_position_embeddings ?? raw.max_position_embeddings;
  const wavelengths = Array.from(
    { length: headSize / 2 },
    (_, pair) => 2 * Math.PI * theta ** ((2 * pair) / headSize),
  );
  const turning = (wavelength: number, stretch: number) => (2 * Math.PI) / (wavelength * stretch);
  const type = given.rope_type ?? given.type ?? "default";
  switch (type) {
    case "default":
    // Dynamic NTK scaling begins beyond max_position_embeddings; no test goes there.
    case "dynamic":
      return { frequencies: wavelengths.map((w) => turning(w, 1)), amplitude: 1 };
    case "linear":
      return { frequencies: wavelengths.map((w) => turning(w, factor)), amplitude: 1 };
    case "llama3": {
      // By the number of turns of a pair within the original context: few are stretched, many are kept.
      const low = given.low_freq_factor ?? 1;
      const high = given.high_freq_factor ?? 4;
      const frequencies = wavelengths.map((w) => {
        const kept = clamp((original / w - low) / (high - low));
        return kept * turning(w, 1) + (1 - kept) * turning(w, factor);
      });
      return { frequencies, amplitude: 1 };
    }
    case "yarn": {
      const ramp = yarnRamp({ given, headSize, theta, original });
      const frequencies = wavelengths.map((w, pair) => {
        const stretched = ramp(pair);
        return stretched * turning(w, factor) + (1 - stretched) * turning(w, 1);
      });
      return { frequencies, amplitude: given.attention_factor ?? yarnAmplitude(given, factor) };
    }
    default:
      throw new Error(`rope type ${type} is not in the reference`);
  }
}

/** How far each pair is stretched, 0 to 1: between the pairs that turn beta_fast and beta_slow times. */
function yarnRamp(options: {
  readonly given: RawRope;
  readonly headSize: number;
  readonly theta: number;
  readonly original: number;
}): (pair: number) => number {
  const { given, headSize, theta, original } = options;
  const pairThatTurns = (times: number) =>
    (headSize / 2) * (Math.log(original / (times * 2 * Math.PI)) / Math.log(theta));
  const whole = given.truncate ?? true;
  const first = pairThatTurns(given.beta_fast || 32);
  const last = pairThatTurns(given.beta_slow || 1);
  const from = Math.max(whole ? Math.floor(first) : first, 0);
  const to = Math.min(whole ? Math.ceil(last) : last, headSize - 1);
  return (pair) => clamp((pair - from) / (to === from ? 0.001 : to - from));
}

function yarnAmplitude(given: RawRope, factor: number): number {
  const grown = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const { mscale, mscale_all_dim: overall } = given;
  return mscale && overall ? grown(mscale) / grown(overall) : grown(1);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
