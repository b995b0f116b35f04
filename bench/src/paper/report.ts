import { markdownTable } from "@nightbeam/service/terminal";
import type { PaperReport } from "./paper.js";
import { rankingSection } from "./report-ranking.js";
import { differentCells, type TimedCell, type TimedRow } from "./timed.js";

const LOOP_TITLES = {
  published: "the published loop",
  demand: "the demand-driven loop",
};

/** The report as Markdown. `files.plot` is the name of the plot beside it. */
export function describePaper(report: PaperReport, files: { plot: string }): string {
  const sections = [
    ["# The AtSpeed paper's comparison"],
    settingLines(report),
    ...(["strict", "relaxed", "sampled"] as const).flatMap((kind) => {
      const cells = report.timed.filter(({ verification }) => verification === kind);
      return cells.length === 0 ? [] : kindSections(kind, cells);
    }),
    ...loopsSection(report.timed),
    ...rankingSection(report.ranking),
    ...(report.curves.length === 0 ? [] : curvesLines(report, files)),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function settingLines({ machine, setting }: PaperReport): string[] {
  const { levels, items, users, draftWidth, scoring, batchSize, limit, repeat } = setting;
  return [
    `${items} items of ${levels} codes, ${users} users with held-out items; N = ${draftWidth}, gamma = ${levels - 1}, \`${scoring}\` scoring.`,
    `Times: the first ${Math.min(limit, users)} users, ${batchSize === 1 ? "one user per call" : `${batchSize} users per call`}, ${repeat === 1 ? "one round" : `median of ${repeat} rounds`} in which all rows take turns.`,
    "",
    `Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, float32 on the CPU; ${machine.matrixRate} GFLOP/s in matrix products.`,
    `Target ${setting.targetHash.slice(0, 12)}.`,
    "",
    ...markdownTable(
      ["row", "drafts"],
      Object.entries(setting.methods).map(([name, drafts]) => [name, `\`${drafts}\``]),
    ),
  ];
}

function kindSections(kind: "strict" | "relaxed" | "sampled", cells: readonly TimedCell[]) {
  const loops = [...new Set(cells.flatMap(({ rows }) => rows.flatMap(({ loop }) => loop ?? [])))];
  if (kind !== "strict") {
    const title = `## ${kind === "relaxed" ? "Relaxed" : "Sampled"} verification`;
    return [[title, "", ...listLines(cells)], ...figureTables(cells, () => true)];
  }
  return loops.flatMap((loop) => [
    [
      `## Strict verification, ${LOOP_TITLES[loop]}`,
      "",
      ...listLines(onlyRows(cells, (row) => row.loop === loop)),
    ],
    ...figureTables(cells, (row) => !row.isDrafted || row.loop === loop),
  ]);
}

/** Says whether drafts have changed a list. */
function listLines(cells: readonly TimedCell[]): string[] {
  const compared = cells.flatMap(({ rows }) => rows.filter((row) => row.sameLists !== undefined));
  if (compared.length === 0) return ["Lists depend on the draft; see their Recall and NDCG below."];
  const different = differentCells(cells);
  return [
    different === 0
      ? `The lists of all ${compared.length} cells are those without drafts.`
      : `**The lists of ${different} of ${compared.length} cells are NOT those without drafts.**`,
  ];
}

function figureTables(cells: readonly TimedCell[], isShown: (row: TimedRow) => boolean) {
  const shown = onlyRows(cells, isShown);
  const drafted = onlyRows(shown, ({ isDrafted }) => isDrafted);
  return [
    [
      "Walltime speedup against plain search:",
      "",
      ...byBeamWidth(withoutPlain(shown), {
        cell: ({ speedup }) => speedup.toFixed(2),
        mean: ({ speedup }) => speedup,
      }),
    ],
    [
      `Accepted steps of the first call / per call:`,
      "",
      ...byBeamWidth(drafted, {
        cell: (row) =>
          `${row.firstCallAcceptedSteps.toFixed(2)} / ${row.acceptedStepsPerCall.toFixed(2)}`,
      }),
    ],
    [
      "Calls / nodes per user:",
      "",
      ...byBeamWidth(shown, {
        cell: (row) => `${row.callsPerUser.toFixed(2)} / ${row.nodesPerUser.toFixed(0)}`,
      }),
    ],
  ];
}

function byBeamWidth(
  cells: readonly TimedCell[],
  how: { cell: (row: TimedRow) => string; mean?: (row: TimedRow) => number },
): string[] {
  const [first] = cells;
  const { mean } = how;
  const head = ["", ...cells.map(({ beamWidth }) => `K = ${beamWidth}`), ...(mean ? ["mean"] : [])];
  const rows = (first?.rows ?? []).map((row, at) => {
    const across = cells.flatMap(({ rows }) => rows[at] ?? []);
    const average = mean && across.reduce((sum, one) => sum + mean(one), 0) / across.length;
    return [
      row.name,
      ...across.map(how.cell),
      ...(average === undefined ? [] : [average.toFixed(2)]),
    ];
  });
  return markdownTable(head, rows);
}

function withoutPlain(cells: readonly TimedCell[]): TimedCell[] {
  return cells.map((cell) => ({ ...cell, rows: cell.rows.slice(1) }));
}

function onlyRows(cells: readonly TimedCell[], isKept: (row: TimedRow) => boolean): TimedCell[] {
  return cells.map((cell) => ({ ...cell, rows: cell.rows.filter(isKept) }));
}

/** What the demand-driven loop saves, if both loops were measured. */
function loopsSection(timed: readonly TimedCell[]): string[][] {
  const cells = timed.filter(({ verification }) => verification === "strict");
  const pairs = cells.map(({ beamWidth, rows }) => ({
    beamWidth,
    pairs: rows.flatMap((published) => {
      if (published.loop !== "published") return [];
      const demand = rows.find(({ loop, name }) => loop === "demand" && name === published.name);
      return demand === undefined ? [] : [{ published, demand }];
    }),
  }));
  if (pairs.every(({ pairs: all }) => all.length === 0)) return [];
  const more = pairs.flatMap(({ pairs: all }) =>
    all.filter(({ published, demand }) => demand.callsPerUser > published.callsPerUser),
  );
  const names = pairs[0]?.pairs.map(({ demand }) => demand.name) ?? [];
  return [
    ["## What the demand-driven loop saves"],
    [
      "Calls / nodes of the demand-driven loop as shares of the published one's, same draft and N:",
      "",
      ...markdownTable(
        ["", ...pairs.map(({ beamWidth }) => `K = ${beamWidth}`)],
        names.map((name, at) => [
          name,
          ...pairs.map(({ pairs: all }) => {
            const pair = all[at];
            if (pair === undefined) return "–";
            const { published, demand } = pair;
            const share = (of: (row: TimedRow) => number) => of(demand) / of(published);
            return `${share(({ callsPerUser }) => callsPerUser).toFixed(2)} / ${share(({ nodesPerUser }) => nodesPerUser).toFixed(2)}`;
          }),
        ]),
      ),
    ],
    [
      more.length === 0
        ? "In no cell does it need more calls."
        : `It needs more calls in ${more.length} cells: ${more.map(({ demand }) => demand.name).join(", ")}.`,
    ],
  ];
}

function curvesLines({ curves }: PaperReport, files: { plot: string }): string[][] {
  const users = curves[0]?.users ?? 0;
  return [
    ["## Calls against nodes"],
    [
      `${users} users, strict verification; one curve per method, one point per N (${pointsOf(curves)}), a cross for plain search.`,
      "",
      `![calls per user against nodes per user](${files.plot})`,
    ],
  ];
}

function pointsOf(curves: PaperReport["curves"]): string {
  const widths = curves.flatMap(({ curves: all }) =>
    all.flatMap(({ points }) => points.map(({ draftWidth }) => draftWidth)),
  );
  return [...new Set(widths)].toSorted((a, b) => a - b).join(", ");
}
