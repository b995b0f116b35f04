/** How rotary positions are scaled beyond the plain ones, with the numbers that each kind needs. */
export type RopeScaling =
  | { readonly type: "default" }
  | { readonly type: "linear"; readonly factor: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    }
  | {
      readonly type: "yarn";
      readonly factor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly truncate: boolean;
      readonly originalPositions: number;
      /** Factor on cosines and sines. */
      readonly amplitude: number;
    };

/** Rotary position embedding: how fast each pair of dimensions turns, and by how much it is stretched. */
export interface Rope {
  readonly theta: number;
  readonly scaling: RopeScaling;
}

/*
 * PyTorch computes frequencies and angles in float32 and rounds after every operator. Rounding once at the
 * end would change the last bit of half of the frequencies, and with it the angles of long prompts.
 */
const { fround } = Math;
/** PyTorch divides a number by a tensor as number × (1 / tensor). */
const over = (numerator: number, x: number) => fround(fround(1 / x) * fround(numerator));

/** Radians per position, for each pair of a head's dimensions. Shape [head size / 2]. */
export function inverseFrequencies({ theta, scaling }: Rope, headSize: number): Float32Array {
  const wavelengths = Float32Array.from(
    { length: headSize / 2 },
    (_, pair) => fround(theta) ** fround((2 * pair) / headSize),
  );
  const plain = wavelengths.map((wavelength) => 1 / wavelength);
  switch (scaling.type) {
    case "default":
      return plain;
    case "linear":
      return plain.map((frequency) => frequency / fround(scaling.factor));
    case "llama3":
      return plain.map((frequency) => llama3(frequency, scaling));
    case "yarn":
      return yarn(wavelengths, { theta, scaling });
    default:
      return scaling satisfies never;
  }
}

/** Llama 3.1: slow dimensions are stretched, fast ones kept, the ones in between blended. */
function llama3(frequency: number, scaling: Extract<RopeScaling, { type: "llama3" }>): number {
  const { originalPositions, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
  const factor = fround(scaling.factor);
  const wavelength = over(2 * Math.PI, frequency);
  if (wavelength > fround(originalPositions / low)) return frequency / factor;
  if (wavelength < fround(originalPositions / high)) return frequency;
  const kept = fround(
    fround(over(originalPositions, wavelength) - fround(low)) / fround(high - low),
  );
  const stretched = fround(fround(fround(1 - kept) * frequency) / factor);
  return stretched + fround(kept * frequency);
}

/** YaRN (Peng et al. 2023, §3.2): a ramp over the dimensions between stretched and kept. */
function yarn(
  wavelengths: Float32Array,
  { theta, scaling }: { theta: number; scaling: Extract<RopeScaling, { type: "yarn" }> },
): Float32Array {
  const headSize = wavelengths.length * 2;
  const factor = fround(scaling.factor);
  const dimensionOf = (turns: number) =>
    (headSize * Math.log(scaling.originalPositions / (turns * 2 * Math.PI))) /
    (2 * Math.log(theta));
  let low = dimensionOf(scaling.betaFast);
  let high = dimensionOf(scaling.betaSlow);
  if (scaling.truncate) {
    low = Math.floor(low);
    high = Math.ceil(high);
  }
  low = Math.max(low, 0);
  high = Math.min(high, headSize - 1);
  if (low === high) high += 0.001;
  const width = fround(high - low);
  return wavelengths.map((wavelength, pair) => {
    const ramp = Math.min(1, Math.max(0, fround(fround(pair - fround(low)) / width)));
    const kept = fround(1 - ramp);
    const stretched = fround(1 / fround(factor * wavelength));
    return fround(stretched * fround(1 - kept)) + fround(fround(1 / wavelength) * kept);
  });
}

/** Cosines and sines of the first `positions` positions. Shape of each [positions, head size / 2]. */
export function ropeTables(
  rope: Rope,
  size: { headSize: number; positions: number },
): { cosines: Float32Array; sines: Float32Array } {
  const half = size.headSize / 2;
  const frequencies = inverseFrequencies(rope, size.headSize);
  const amplitude = rope.scaling.type === "yarn" ? fround(rope.scaling.amplitude) : 1;
  const cosines = new Float32Array(size.positions * half);
  const sines = new Float32Array(size.positions * half);
  for (let position = 0; position < size.positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = fround(position * (frequencies[i] ?? 0));
      cosines[position * half + i] = fround(Math.cos(angle)) * amplitude;
      sines[position * half + i] = fround(Math.sin(angle)) * amplitude;
    }
  }
  return { cosines, sines };
}
