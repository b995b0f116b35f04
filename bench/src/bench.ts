import type { Catalogue } from "@nightbeam/catalogue";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import { type SpeculativeOptions, speculativeDecoder } from "@nightbeam/decoding";
import { deviceName, measureMatrixRate, searchedCatalogue } from "@nightbeam/model";
import {
  batchesAtOnce,
  draftPolicy,
  levelsOf,
  type OpenModels,
  openModels,
  workerCount,
} from "@nightbeam/recommend";
import { LOOPS, type Measurement, measureWays, sameLists, type Way } from "./measure.js";
import type { BenchOptions } from "./options.js";
import { readUsers } from "./users.js";

/** One line of the comparison. */
export interface BenchRow extends Omit<Measurement, "outcomes"> {
  readonly beamWidth: number;
  /** Users per batch, at most: fewer than asked for if beams are wide. */
  readonly batchSize: number;
  readonly way: string;
  /** Users per second, relative to plain search in the same cell and run. */
  readonly ratio: number;
  readonly sameLists: boolean;
  /** Arithmetic for prompts and nodes, relative to what matrix products reach on this machine in the same time; null on a GPU. */
  readonly shareOfMatrixRate: number | null;
}

export interface BenchReport {
  /** Rate of float32 matrix products on all workers at once, in GFLOP/s; null on a GPU, where it is not measured. */
  readonly matrixRate: number | null;
  readonly users: number;
  readonly rows: readonly BenchRow[];
}

/**
 * Measures plain and speculative search side by side, in one run.
 *
 * @throws UsageError BAD_OPTION if no user can be decoded; ModelError, DatasetError, RecommendError
 */
export async function bench(
  options: BenchOptions,
  say: (line: string) => void,
): Promise<BenchReport> {
  const catalogue = await openCatalogue(options.catalogue);
  const { histories: path, columns, target: directory, scoring } = options;
  const histories = () => readHistories({ path, columns });
  const searched = await searchedCatalogue(catalogue, { directory, scoring });
  const context = { historyCatalogue: catalogue, searched, histories, parts: 1 };
  const models = await openModels(options, context);
  try {
    const users = await readUsers(options, { catalogue, target: models.target });
    const workers = workerCount(options);
    const isCpu = options.device.kind === "cpu";
    const matrixRate = isCpu ? await measureMatrixRate({ workers }) : null;
    const place =
      matrixRate === null
        ? `on ${deviceName(options.device)}`
        : `${matrixRate.toFixed(0)} GFLOP/s in matrix products`;
    say(`${users.length} users, ${workers} workers, ${place}`);
    const rows: BenchRow[] = [];
    let key = 0;
    for (const beamWidth of options.beamWidth) {
      for (const askedSize of options.batchSize) {
        const ways = waysOf(options, { catalogue: searched, models, beamWidth });
        const batchSize = Math.min(askedSize, ways[0]?.decoder.maxUsers ?? askedSize);
        const measured = await measureWays(ways, {
          users,
          batchSize,
          concurrency: batchesAtOnce(options),
          repeat: options.repeat,
          nextKey: () => key++,
        });
        const [plain] = measured;
        if (plain === undefined) continue;
        measured.forEach((one, at) => {
          const { outcomes: _, ...figures } = one;
          rows.push({
            ...figures,
            beamWidth,
            batchSize,
            way: ways[at]?.name ?? "",
            ratio: one.usersPerSecond / plain.usersPerSecond,
            sameLists: sameLists(one, plain),
            shareOfMatrixRate:
              matrixRate === null
                ? null
                : workShare(one, { models, users: users.length, matrixRate }),
          });
        });
        say(`K = ${beamWidth}, batches of ${batchSize}: done`);
      }
    }
    return { matrixRate, users: users.length, rows };
  } finally {
    await models.close();
  }
}

/** How rows of a loop are named. */
const ROW_NAMES = { demand: "draft", published: "published" } as const;

/** Plain search first, then the requested ways to draft. */
function waysOf(
  options: BenchOptions,
  cell: { catalogue: Catalogue; models: OpenModels; beamWidth: number },
): Way[] {
  const { models, beamWidth } = cell;
  const { trie } = cell.catalogue;
  const plain: SpeculativeOptions = {
    target: models.target.scorer,
    space: { trie, scoring: options.scoring },
    beamWidth,
  };
  const drafted = options.draft.length === 0 ? [] : options.draftWidth;
  return [
    { name: "plain", decoder: speculativeDecoder(plain) },
    ...options.loop.flatMap((loop) =>
      drafted.map((text) => {
        const widths = text === "auto" ? text : text.split("/").map(Number);
        const policy = draftPolicy(widths, { beamWidth, ...levelsOf(cell.catalogue) });
        const decoder = LOOPS[loop]({ ...plain, drafter: models.drafter, policy });
        return { name: `${ROW_NAMES[loop]} ${text}`, decoder };
      }),
    ),
  ];
}

/** Two operations per weight. */
function workShare(
  measured: Measurement,
  run: { models: OpenModels; users: number; matrixRate: number },
): number {
  const { weightsPerPromptToken, weightsPerNode } = run.models.target;
  const { tokens, nodes } = measured;
  const work = 2 * ((tokens - nodes) * weightsPerPromptToken + nodes * weightsPerNode);
  const seconds = run.users / measured.usersPerSecond;
  return work / seconds / (run.matrixRate * 1e9);
}
