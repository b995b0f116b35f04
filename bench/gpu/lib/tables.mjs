/** @typedef {{ step: string, command: string, status: string, rows: object[], lastLines: string[] }} Result */

const BYTES = { fp32: 4, fp16: 2, bf16: 2 };

/** A table in Markdown. @param {{ head: string[], rows: (string | number)[][] }} content */
function table({ head, rows }) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const number = (value, digits = 1) => (value === undefined ? "" : value.toFixed(digits));

/** @param {Result} result of steps/card.py */
export function cardTable({ rows }) {
  return table({
    head: ["what", "measured"],
    rows: rows.flatMap(({ kind, teraflops, gigabytes }) => {
      if (teraflops !== undefined) return [[`products in ${kind}`, `${number(teraflops)} TFLOP/s`]];
      return gigabytes === undefined
        ? []
        : [["memory, read and write", `${number(gigabytes)} GB/s`]];
    }),
  });
}

/** @param {Result[]} results of steps/lists.mjs */
export function listsTable(results) {
  return table({
    head: [
      "precision",
      "way",
      "scoring",
      "batch",
      "same order",
      "same items",
      "largest difference",
      "bits as alone",
    ],
    rows: results
      .flatMap(({ rows }) => rows)
      .map((row) => [
        ...[row.precision, row.way, row.scoring],
        ...(row.failed === undefined
          ? [
              ...[
                row.batch,
                `${row.sameOrder} of ${row.users}`,
                `${row.sameItems} of ${row.users}`,
              ],
              ...[row.largestDifference.toExponential(1), `${row.bitsAsAlone} of ${row.users}`],
            ]
          : ["", `failed: ${row.failed}`, "", "", ""]),
      ]),
  });
}

/**
 * A row per cell, a column per way, milliseconds per batch; and how much of the card the fastest takes.
 *
 * @param {Result} result of steps/speed.mjs
 * @param {Result | undefined} card
 */
export function speedTable({ rows }, card) {
  const [model, ...measured] = rows;
  const cells = new Map();
  for (const row of measured) {
    const name = `${row.promptTokens} x ${row.beamWidth} x ${row.users}`;
    const ways = cells.get(name) ?? new Map();
    ways.set([row.way, row.draft].filter(Boolean).join(" "), row);
    cells.set(name, ways);
  }
  const ways = [...new Set([...cells.values()].flatMap((some) => [...some.keys()]))];
  return table({
    head: ["prompt x K x users", ...ways, "fastest", "users/s", "of the card"],
    rows: [...cells].map(([name, some]) => {
      const timed = [...some.values()].filter(({ milliseconds }) => milliseconds !== undefined);
      timed.sort((a, b) => a.milliseconds - b.milliseconds);
      const [best] = timed;
      const cellOf = (way) =>
        number(some.get(way)?.milliseconds) || (some.has(way) ? "failed" : "");
      const nameOf = ({ way, draft }) => [way, draft].filter(Boolean).join(" ");
      if (best === undefined) return [name, ...ways.map(cellOf), "", "", ""];
      const end = [nameOf(best), number(best.usersPerSecond), shareOf(best, { model, card })];
      return [name, ...ways.map(cellOf), ...end];
    }),
  });
}

/** The larger of two shares: of the card's rate of products, and of its memory's rate by the weights read. */
function shareOf(row, { model, card }) {
  const { precision, weightsPerPromptToken, weightsPerNode } = model;
  const figure = (kind) => card?.rows.find((one) => one.kind === kind) ?? {};
  const { teraflops } = figure(precision);
  const { gigabytes } = figure("memory");
  if (teraflops === undefined || gigabytes === undefined || weightsPerNode === undefined) return "";
  const seconds = row.milliseconds / 1000;
  const work = 2 * ((row.tokens - row.nodes) * weightsPerPromptToken + row.nodes * weightsPerNode);
  // Nodes of a decoder-only model read all of its weights.
  const read = row.runs * weightsPerNode * BYTES[precision];
  const products = work / seconds / (teraflops * 1e12);
  const memory = read / seconds / (gigabytes * 1e9);
  const percent = (share) => `${(100 * share).toFixed(0)}%`;
  return products > memory ? `${percent(products)} of products` : `${percent(memory)} of memory`;
}

/** @param {Result} result of steps/generate.py */
export function generateTable({ rows }) {
  return table({
    head: ["prompt x K x users", "way", "milliseconds", "users/s"],
    rows: rows.map((row) => [
      `${row.promptTokens} x ${row.beamWidth} x ${row.users}`,
      ...[row.way, number(row.milliseconds) || `failed: ${row.failed}`, number(row.usersPerSecond)],
    ]),
  });
}

/** @param {Result} result of steps/verifier.mjs */
export function verifierTable({ rows }) {
  return table({
    head: ["way", "precision", "calls per user", "users/s"],
    rows: rows.map((row) => [
      ...[row.way, row.precision, number(row.callsPerUser, 2), number(row.usersPerSecond)],
    ]),
  });
}
