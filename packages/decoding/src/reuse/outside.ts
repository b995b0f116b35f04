import { ROOT } from "@nightbeam/catalogue";
import type { BeamTree } from "../tree/beam-tree.js";
import type { OutsideCodes } from "../tree/scorer.js";

/** One prefix's part of `OutsideCodes`. */
export type OutsideRow = OutsideCodes;

/**
 * How many codes outside the catalogue are asked for per prefix: as many as are a danger to nearly all
 * searches (bench/scripts/reuse/certificate.mjs).
 */
export const OUTSIDE_CODES = 8;

/** The rows of an answer about a tree, by prefix. */
export function outsideRows(
  { prefixes, wanted }: BeamTree,
  { codes, logProbs }: OutsideCodes,
): [prefix: number, row: OutsideRow][] {
  const width = wanted.length === 0 ? 0 : codes.length / wanted.length;
  return Array.from(wanted, (entry, at) => {
    const [from, to] = [at * width, (at + 1) * width];
    const row = { codes: codes.subarray(from, to), logProbs: logProbs.subarray(from, to) };
    return [prefixes[entry] ?? ROOT, row];
  });
}

/**
 * By how much the probabilities that a scorer gives to all that can follow a prefix, as it rounds them,
 * may sum to more than 1. A log-softmax in float32 over V tokens stays below (V / lanes + 100) · 2⁻²⁴, if
 * the sum of exponentials is made of as many partial sums as there are lanes: below 2⁻¹⁰ for 130,000
 * tokens and 8 lanes. What float64 adds to this is below 2⁻³⁰.
 */
const MASS_ERROR = 2 ** -10 + 2 ** -30;

/**
 * Codes that a prefix does not have in the catalogue and that would be a danger if it had them: "none",
 * "all" that the target said nothing about, or those listed, ascending, among the codes of the level.
 *
 * @param row log-probabilities (nats) of the children that the prefix has, under `full` scoring
 */
export function dangerousCodes(
  row: ArrayLike<number>,
  options: {
    readonly outside: OutsideRow | undefined;
    /** True for every log-probability above one for which it is true. */
    readonly isDanger: (logProb: number) => boolean;
  },
): "none" | "all" | Uint16Array {
  const { outside, isDanger } = options;
  // All that the children leave over could belong to one code.
  if (!isDanger(Math.log(1 + MASS_ERROR - sumOfExp(row)))) return "none";
  if (outside === undefined) return "all";
  const { codes, logProbs } = outside;
  const danger = codes.filter((_, at) => isDanger(logProbs[at] ?? 0));
  return danger.length === codes.length ? "all" : danger.sort();
}

/** At most 1: probabilities of children can sum to more only by rounding. */
function sumOfExp(row: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.exp(row[i] ?? 0);
  return Math.min(1, sum);
}
