import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HistoryRow, writePart } from "@nightbeam/dataset";
import {
  DEFAULT_PREFIX,
  isCancelled,
  JOBS,
  openRedis,
  parseJob,
  type ShardJobData,
  type ShardJobResult,
  workerOptions,
} from "@nightbeam/queue";
import {
  attemptName,
  commitWritten,
  readPlan,
  readShardInput,
  storeJournal,
  writeShard,
} from "@nightbeam/run";
import { openStore } from "@nightbeam/store";
import { type Job, UnrecoverableError, Worker } from "bullmq";

/** A drafter without models: its lists are made up, everything else is real. */
export interface TestDrafter {
  /** Shards that it has begun, in order. */
  readonly begun: readonly number[];
  close(): Promise<void>;
}

export interface TestDrafterOptions {
  readonly redisUrl: string;
  /** Called before a shard is written. If it throws, the shard fails permanently. */
  readonly before?: (index: number) => Promise<void> | void;
}

export async function startDrafter(options: TestDrafterOptions): Promise<TestDrafter> {
  const begun: number[] = [];
  const scratch = await mkdtemp(join(tmpdir(), "nightbeam-drafter-"));
  const redis = await openRedis({ url: options.redisUrl, role: "worker" });
  const work = async (job: Job): Promise<ShardJobResult> => {
    const data = parseJob("shard", job.data);
    if (await isCancelled({ redis, prefix: DEFAULT_PREFIX }, data.runId)) {
      throw new UnrecoverableError("cancelled");
    }
    const committed = await committedBefore(data);
    if (committed !== undefined) return committed;
    begun.push(data.index);
    await job.updateProgress({ users: 1, searches: 1, calls: 2, nodes: 3 });
    try {
      await options.before?.(data.index);
    } catch (error) {
      throw new UnrecoverableError(error instanceof Error ? error.message : String(error));
    }
    return commit(data, { scratch, attemptsStarted: job.attemptsStarted });
  };
  const worker = new Worker(JOBS.shard.queue, work, {
    connection: redis,
    prefix: DEFAULT_PREFIX,
    concurrency: 2,
    ...workerOptions("shard", { lockMs: 2_000 }),
  });
  worker.on("error", () => undefined);
  await worker.waitUntilReady();
  return {
    begun,
    close: async () => {
      await worker.close(true);
      redis.disconnect();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** The result of a shard that was committed before its job was created. */
async function committedBefore({
  location,
  index,
}: ShardJobData): Promise<ShardJobResult | undefined> {
  const store = await openStore(location);
  const record = await storeJournal(store).readCommit(index);
  store.close();
  if (record === undefined) return undefined;
  return { index, created: false, rows: record.rows, sha256: record.sha256 };
}

async function commit(
  { location, index }: ShardJobData,
  { scratch, attemptsStarted }: { scratch: string; attemptsStarted: number },
): Promise<ShardJobResult> {
  const store = await openStore(location);
  try {
    const plan = await readPlan(store);
    const rows = await readShardInput({ store, plan, index });
    const attempt = attemptName(attemptsStarted);
    const part = await writePart({
      directory: scratch,
      name: `${attempt}-${index}`,
      format: plan.format,
      recommendations: lists(rows),
    });
    const written = await writeShard({
      store,
      plan,
      index,
      attempt,
      file: join(scratch, part.file),
      rows: part.rows,
      rejected: rejectedOf(rows),
      stats: { searches: part.rows, targetCalls: 2 * part.rows, nodes: 30 * part.rows },
    });
    const { created, record } = await commitWritten(store, written);
    return { index, created, rows: record.rows, sha256: record.sha256 };
  } finally {
    store.close();
  }
}

function lists(rows: readonly HistoryRow[]) {
  return rows.flatMap((row) =>
    row.kind === "history"
      ? { user: row.user, items: [{ item: row.items[0] ?? "", score: -1, codes: [1, 2, 3] }] }
      : [],
  );
}

function rejectedOf(rows: readonly HistoryRow[]) {
  return rows.flatMap((one) => {
    if (one.kind === "history") return [];
    const { kind: _, ...rejected } = one;
    return rejected;
  });
}
