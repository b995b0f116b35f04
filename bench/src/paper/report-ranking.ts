import { markdownTable } from "@nightbeam/service/terminal";
import type { RankingCell, RankingRow } from "./ranking.js";

/** Mean and standard deviation of the target's own runs. */
interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

const METRICS = ["recall", "ndcg"] as const;
/** Standard deviations within which a figure counts as the target's own. */
const WITHIN = 3;

/** Recall and NDCG, and how far relaxed lists are from the target's own sampling. */
export function rankingSection(cells: readonly RankingCell[]): string[][] {
  if (cells.length === 0) return [];
  const cutOffs = [...new Set(cells.map(({ topK }) => topK))];
  const kinds = [...new Set(cells.map(({ verification }) => verification))];
  const rows = kinds.flatMap((kind) => kindRows(cells.filter((one) => one.verification === kind)));
  const farthest = distances(cells.filter(({ verification }) => verification === "relaxed"));
  return [
    ["## Recall and NDCG"],
    [
      `The first ${cells[0]?.users ?? 0} users; lists of K items for the figures at K. Drawn lists: mean ± standard deviation of the target alone over its seeds; for a method its single run, and its distance from that mean in standard deviations.`,
      "",
      ...markdownTable(["", ...cutOffs.flatMap((k) => [`Recall@${k}`, `NDCG@${k}`])], rows),
    ],
    ...(farthest.length === 0
      ? []
      : [
          [
            farthest.every((one) => Math.abs(one) <= WITHIN)
              ? `All ${farthest.length} figures of relaxed lists are within ${WITHIN} standard deviations; the mean distance is ${meanOf(farthest).toFixed(2)}.`
              : `**${farthest.filter((one) => Math.abs(one) > WITHIN).length} of ${farthest.length} figures of relaxed lists are beyond ${WITHIN} standard deviations.**`,
          ],
        ]),
  ];
}

/** The rows of one verification, with one cell per cut-off and metric. */
function kindRows(cells: readonly RankingCell[]): string[][] {
  const [first] = cells;
  if (first === undefined) return [];
  if (first.verification === "strict") {
    return [["strict, every method", ...across(cells, ({ rows }, metric) => one(rows[0], metric))]];
  }
  const alone = across(cells, (cell, metric) => {
    const { mean, deviation } = spreadOf(cell, metric);
    return `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`;
  });
  if (first.verification === "sampled") return [["sampled, every method", ...alone]];
  const methods = first.rows.flatMap(({ method }) => method ?? []);
  return [
    ["relaxed, the target alone", ...alone],
    ...methods.map((method) => [
      `relaxed, ${method}`,
      ...across(cells, (cell, metric) => {
        const row = cell.rows.find((candidate) => candidate.method === method);
        return `${one(row, metric)} (${signed(distanceOf(cell, { row, metric }))})`;
      }),
    ]),
  ];
}

function across(
  cells: readonly RankingCell[],
  text: (cell: RankingCell, metric: "recall" | "ndcg") => string,
): string[] {
  return cells.flatMap((cell) => METRICS.map((metric) => text(cell, metric)));
}

function one(row: RankingRow | undefined, metric: "recall" | "ndcg"): string {
  return row === undefined ? "–" : row[metric].toFixed(4);
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
}

function distances(cells: readonly RankingCell[]): number[] {
  return cells.flatMap((cell) =>
    cell.rows
      .filter(({ method }) => method !== undefined)
      .flatMap((row) => METRICS.map((metric) => distanceOf(cell, { row, metric }))),
  );
}

/** In standard deviations of the target's own runs. */
function distanceOf(
  cell: RankingCell,
  { row, metric }: { row: RankingRow | undefined; metric: "recall" | "ndcg" },
): number {
  const { mean, deviation } = spreadOf(cell, metric);
  const distance = (row?.[metric] ?? Number.NaN) - mean;
  // 0 / 0 if all runs are equal and this one equals them.
  return distance === 0 ? 0 : distance / deviation;
}

function spreadOf({ rows }: RankingCell, metric: "recall" | "ndcg"): Spread {
  const values = rows.filter(({ method }) => method === undefined).map((row) => row[metric]);
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
