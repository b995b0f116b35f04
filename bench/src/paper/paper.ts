import { measureMatrixRate } from "@nightbeam/model";
import { openModels, workerCount } from "@nightbeam/recommend";
import { usersOf } from "../users.js";
import { Cells } from "./cells.js";
import type { Comparison } from "./comparison.js";
import { type CurveCell, curveCell, measureCurves } from "./curves.js";
import { openData } from "./data.js";
import { type Machine, machineSchema, thisMachine } from "./machine.js";
import { openMethods } from "./methods.js";
import type { PaperOptions } from "./options.js";
import { measureRanking, type RankingCell, rankingCell } from "./ranking.js";
import { measureCell, type TimedCell, timedCell } from "./timed.js";

/** The results of a comparison, with its settings and machine. */
export interface PaperReport {
  readonly machine: Machine;
  readonly setting: Omit<PaperOptions, "method"> & {
    readonly levels: number;
    readonly items: number;
    readonly users: number;
    readonly targetHash: string;
    readonly methods: Readonly<Record<string, string>>;
  };
  readonly timed: readonly TimedCell[];
  readonly ranking: readonly RankingCell[];
  readonly curves: readonly CurveCell[];
}

/**
 * Measures the AtSpeed paper's comparison, cell by cell. Every measured cell is kept in `options.out`,
 * so an interrupted comparison resumes there.
 *
 * @throws UsageError, ModelError, DatasetError, RecommendError, StoreError
 */
export async function runPaper(
  options: PaperOptions,
  say: (line: string) => void,
): Promise<PaperReport> {
  const data = await openData(options);
  const { catalogue, searched } = data;
  const models = await openModels(
    { ...options, draft: [], precision: "fp32" },
    { historyCatalogue: catalogue, searched, histories: data.everyHistory, parts: 1 },
  );
  try {
    const { target } = models;
    let key = 0;
    const nextKey = () => key++;
    const opened = await openMethods({ data, target, options, nextKey });
    try {
      const users = usersOf(data.histories, { catalogue, target });
      const { method, out, ...rest } = options;
      const setting = {
        ...rest,
        levels: catalogue.trie.levels,
        items: catalogue.itemCount,
        users: users.length,
        targetHash: target.hash,
        methods: Object.fromEntries(method.map(({ name, drafts }) => [name, drafts.join(" + ")])),
      };
      const cells = await Cells.open(out, { ...setting, draftHashes: opened.versions });
      const machine = await cells.get("machine", {
        schema: machineSchema,
        measure: async () =>
          thisMachine(await measureMatrixRate({ workers: workerCount(options) })),
      });
      const comparison = { options, data, target, methods: opened.methods, users, nextKey };
      const measured = await measureAll(comparison, { cells, say });
      return { machine, setting: { ...setting, out }, ...measured };
    } finally {
      await opened.close();
    }
  } finally {
    await models.close();
  }
}

async function measureAll(
  comparison: Comparison,
  { cells, say }: { cells: Cells; say: (line: string) => void },
): Promise<Pick<PaperReport, "timed" | "ranking" | "curves">> {
  const { verification: kinds, beamWidth: widths, topK, loop, curveBeamWidth } = comparison.options;
  const timed: TimedCell[] = [];
  const ranking: RankingCell[] = [];
  const curves: CurveCell[] = [];
  for (const verification of kinds) {
    for (const beamWidth of widths) {
      const measure = () => measureCell(comparison, { verification, beamWidth });
      const name = `timed-${verification}-${beamWidth}`;
      timed.push(await cells.get(name, { schema: timedCell, measure }));
      say(`${verification}, K = ${beamWidth}: done`);
    }
    for (const k of topK) {
      const measure = () => measureRanking(comparison, { verification, topK: k });
      const name = `ranking-${verification}-${k}`;
      ranking.push(await cells.get(name, { schema: rankingCell, measure }));
      say(`${verification}, Recall and NDCG at ${k}: done`);
    }
  }
  for (const one of kinds.includes("strict") ? loop : []) {
    for (const beamWidth of curveBeamWidth) {
      const measure = () => measureCurves(comparison, { loop: one, beamWidth });
      const name = `curves-${one}-${beamWidth}`;
      curves.push(await cells.get(name, { schema: curveCell, measure }));
      say(`curves of the ${one} loop, K = ${beamWidth}: done`);
    }
  }
  return { timed, ranking, curves };
}
