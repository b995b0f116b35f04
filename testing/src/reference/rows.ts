/** Vectors of one width, such as the states of a sequence: [rows][width]. */
export type Rows = Float64Array[];

export function normalise(rows: Rows, weight: Float64Array, epsilon: number): Rows {
  return rows.map((row) => rmsNorm(row, weight, epsilon));
}

export function rmsNorm(x: Float64Array, weight: Float64Array, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  return x.map((value, i) => value * scale * (weight[i] ?? 0));
}

export function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

export function add(a: Rows, b: Rows): Rows {
  return a.map((row, position) => row.map((value, i) => value + (b[position]?.[i] ?? 0)));
}

/** A matrix [out, x.length], row by row, times x. */
export function multiply(matrix: Float64Array, x: Float64Array): Float64Array {
  const size = x.length;
  return Float64Array.from({ length: matrix.length / size }, (_, out) =>
    dot(matrix.subarray(out * size, (out + 1) * size), x),
  );
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** The rows of a table [vocabulary, width] that tokens become. */
export function embed(
  tokens: readonly number[],
  options: {
    readonly table: Float64Array;
    readonly vocabularySize: number;
    readonly width: number;
  },
): Rows {
  const { table, vocabularySize, width } = options;
  return tokens.map((token) => {
    if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
      throw new RangeError(`token ${token} is not in the vocabulary`);
    }
    return table.slice(token * width, (token + 1) * width);
  });
}
