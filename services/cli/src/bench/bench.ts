import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import {
  type Decoder,
  emptyDrafter,
  fixedWidths,
  type ShardUser,
  uniformWidths,
} from "@nightbeam/decoding";
import { measureMatrixRate } from "@nightbeam/model";
import { UsageError } from "../errors.js";
import { adaptiveWidths } from "../recommend/adaptive-widths.js";
import { type OpenDecoder, openDecoder, workerCount } from "../recommend/decoder.js";
import { userReader } from "../recommend/users.js";
import { type Measurement, measureWays, sameLists, type Way } from "./measure.js";
import type { BenchOptions } from "./options.js";

/** One line of the comparison. */
export interface BenchRow extends Omit<Measurement, "outcomes"> {
  readonly beamWidth: number;
  readonly batchSize: number;
  readonly way: string;
  /** Users a second over those of plain search in the same runtime, cell and run. */
  readonly ratio: number;
  readonly sameLists: boolean;
  /** Arithmetic done for prompts and nodes over what the machine's matrix products reach in that time. */
  readonly shareOfMatrixRate: number;
}

export interface BenchReport {
  /** Multiply-and-add rate of float32 matrix products on all workers at once, in GFLOP/s. */
  readonly matrixRate: number;
  readonly users: number;
  readonly rows: readonly BenchRow[];
}

/** Plain and speculative search side by side, in one run. */
export async function bench(
  options: BenchOptions,
  say: (line: string) => void,
): Promise<BenchReport> {
  const catalogue = await openCatalogue(options.catalogue);
  const open = await openDecoder(
    {
      ...options,
      out: "",
      topK: 1,
      beamWidth: 1,
      draftWidth: "auto",
      excludeSeen: false,
      format: "jsonl",
      partSize: 1,
      batchSize: 1,
      limit: undefined,
    },
    { catalogue, expectedUsers: 0 },
  );
  try {
    const users = await readUsers(options, { catalogue, open });
    const matrixRate = await measureMatrixRate({ workers: workerCount(options) });
    say(
      `${users.length} users, ${workerCount(options)} workers, ${matrixRate.toFixed(0)} GFLOP/s in matrix products`,
    );
    const rows: BenchRow[] = [];
    let key = 0;
    for (const beamWidth of options.beamWidth) {
      for (const batchSize of options.batchSize) {
        const ways = waysOf(options, { open, beamWidth, batchSize, users: users.length });
        const measured = await measureWays(ways, {
          users,
          batchSize,
          concurrency: workerCount(options) + 1,
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
            shareOfMatrixRate: workShare(one, { open, users: users.length, matrixRate }),
          });
        });
        say(`K = ${beamWidth}, batches of ${batchSize}: done`);
      }
    }
    return { matrixRate, users: users.length, rows };
  } finally {
    await open.close();
  }
}

async function readUsers(
  options: BenchOptions,
  run: { catalogue: Awaited<ReturnType<typeof openCatalogue>>; open: OpenDecoder },
): Promise<ShardUser[]> {
  const read = userReader({
    known: run.catalogue,
    searched: run.catalogue,
    encodePrompt: run.open.target.encodePrompt,
    mostPromptTokens: run.open.target.mostPromptTokens,
    excludeSeen: false,
  });
  const users: ShardUser[] = [];
  for await (const rows of readHistories({ path: options.histories, limit: options.limit })) {
    for (const row of rows) {
      const reading = read(row);
      if (reading.kind === "user") users.push({ ...reading.user, exclusion: NOTHING_EXCLUDED });
    }
  }
  if (users.length === 0)
    throw new UsageError(
      "BAD_OPTION",
      `--histories ${options.histories} has no user that can be decoded`,
    );
  return users;
}

function waysOf(
  options: BenchOptions,
  cell: { open: OpenDecoder; beamWidth: number; batchSize: number; users: number },
): Way[] {
  const { decoder } = cell.open;
  const { levels } = decoder.space.trie;
  const plain: Decoder = {
    ...decoder,
    drafter: emptyDrafter,
    policy: fixedWidths([]),
    beamWidth: cell.beamWidth,
  };
  const drafted = options.draft.length === 0 ? [] : options.draftWidth;
  return [
    { name: "plain", decoder: plain },
    ...drafted.map((text) => ({
      name: `draft ${text}`,
      decoder: {
        ...decoder,
        beamWidth: cell.beamWidth,
        policy:
          text === "auto"
            ? adaptiveWidths({
                beamWidth: cell.beamWidth,
                levels,
                expectedBatches: (options.repeat * cell.users) / cell.batchSize,
              })
            : fixedWidths(widthsOf(text, levels)),
      },
    })),
  ];
}

function widthsOf(text: string, levels: number): readonly number[] {
  const widths = text.split("/").map(Number);
  const [only = 0] = widths;
  if (widths.length === 1) return uniformWidths(only, levels);
  if (widths.length !== levels - 1) {
    throw new UsageError("BAD_OPTION", `--draft-width ${text}: give one width or ${levels - 1}`);
  }
  return widths;
}

/** Two operations a weight: every prompt token and node passes the decoder, every node the head too. */
function workShare(
  measured: Measurement,
  run: { open: OpenDecoder; users: number; matrixRate: number },
): number {
  const { weightsPerToken, weightsPerNode } = run.open.target;
  const work = 2 * (measured.tokens * weightsPerToken + measured.nodes * weightsPerNode);
  const seconds = run.users / measured.usersPerSecond;
  return work / seconds / (run.matrixRate * 1e9);
}
