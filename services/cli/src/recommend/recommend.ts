import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Catalogue, filterCatalogue } from "@nightbeam/catalogue";
import {
  countHistories,
  type HistoryRow,
  type Manifest,
  openCatalogue,
  openRun,
  type Run,
  type RunPlan,
  readHistories,
  readItemList,
} from "@nightbeam/dataset";
import type { SearchOutcome } from "@nightbeam/decoding";
import { type OpenDecoder, openDecoder, workerCount } from "./decoder.js";
import type { RecommendOptions } from "./options.js";
import { decodePart, type PartOptions, runFigures } from "./part.js";
import { userReader } from "./users.js";

/** What a run tells while it goes on. */
export interface RecommendEvents {
  /** A line for a person. */
  readonly say: (line: string) => void;
  readonly progress: (state: ProgressCounts) => void;
  readonly signal: AbortSignal;
}

export interface ProgressCounts {
  readonly done: number;
  readonly total: number;
  readonly before: number;
  readonly searches: number;
  readonly calls: number;
}

/** Parts under way at once: while the last users of one are decoded, the next one begins. */
const PARTS_AT_ONCE = 2;

/**
 * Recommends for every user of the histories, into a run directory; goes on where an earlier,
 * interrupted run with the same arguments stopped.
 *
 * @returns the manifest, and whether there was anything left to do
 * @throws UsageError, DatasetError, ModelError, CatalogueError; the signal's reason when aborted
 */
export async function recommend(
  options: RecommendOptions,
  events: RecommendEvents,
): Promise<{ manifest: Manifest; alreadyDone: boolean }> {
  const known = await openCatalogue(options.catalogue);
  const searched = await filtered(known, options);
  const rows = Math.min(
    await countHistories({ path: options.histories }),
    options.limit ?? Number.POSITIVE_INFINITY,
  );
  const open = await openDecoder(options, { catalogue: searched, expectedUsers: rows });
  try {
    const run = await openRun({
      dir: options.out,
      plan: await planOf(options, { rows, open, catalogue: searched }),
    });
    try {
      if (run.manifest !== undefined) return { manifest: run.manifest, alreadyDone: true };
      if (run.resumed) events.say(`Continuing: ${run.committed.size} parts were done before.`);
      await decodeParts({ run, open, options, events, known, searched, rows });
      return { manifest: await run.finish({ derive: runFigures }), alreadyDone: false };
    } finally {
      await run.close();
    }
  } finally {
    await open.close();
  }
}

async function filtered(known: Catalogue, options: RecommendOptions): Promise<Catalogue> {
  const { allow, block } = options;
  if (allow === undefined && block === undefined) return known;
  return filterCatalogue(known, {
    ...(allow === undefined ? {} : { allow: await readItemList(allow) }),
    ...(block === undefined ? {} : { block: await readItemList(block) }),
  });
}

/** What determines the result: the same plan again continues the run, another is refused. */
async function planOf(
  options: RecommendOptions,
  run: { rows: number; open: OpenDecoder; catalogue: Catalogue },
): Promise<RunPlan> {
  const { topK, beamWidth, scoring, precision, excludeSeen, limit, partSize, format } = options;
  return {
    format,
    partSize,
    firstRow: 0,
    inputRows: run.rows,
    // Drafts, batches and threads are not here: no list depends on them.
    arguments: { topK, beamWidth, scoring, precision, excludeSeen, limit: limit ?? null },
    versions: {
      target: run.open.target.hash,
      ...Object.fromEntries(
        run.open.drafts.map(({ hash }, at) => [at === 0 ? "draft" : `draft${at + 1}`, hash]),
      ),
      catalogue: run.catalogue.hash,
      histories: await fileHash(options.histories),
    },
  };
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), async (chunks) => {
    for await (const chunk of chunks) hash.update(chunk);
  });
  return hash.digest("hex");
}

interface Work {
  readonly run: Run;
  readonly open: OpenDecoder;
  readonly options: RecommendOptions;
  readonly events: RecommendEvents;
  readonly known: Catalogue;
  readonly searched: Catalogue;
  readonly rows: number;
}

async function decodeParts(work: Work): Promise<void> {
  const { run, open, options, events, rows } = work;
  const before = [...run.committed.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  const counts = { done: before, total: rows, before, searches: 0, calls: 0 };
  let key = 0;
  const partOptions: PartOptions = {
    ...options,
    decoder: open.decoder,
    catalogue: work.searched,
    read: userReader({
      ...work,
      encodePrompt: open.target.encodePrompt,
      mostPromptTokens: open.target.mostPromptTokens,
      excludeSeen: options.excludeSeen,
    }),
    // One batch runs on each worker and one waits for it.
    concurrency: workerCount(options) + 1,
    nextKey: () => key++,
    onProgress: ({ users, outcomes }) => {
      counts.done += users;
      counts.searches += outcomes.length;
      counts.calls += callsOf(outcomes);
      events.progress(counts);
    },
    signal: events.signal,
  };
  let since = performance.now();
  const commit = async (index: number, part: readonly HistoryRow[]): Promise<void> => {
    const result = await decodePart(part, partOptions);
    // Time since the last commit: over all parts, and all attempts at the run, it adds up to the whole.
    const wallSeconds = (performance.now() - since) / 1000;
    since = performance.now();
    await run.commitPart({ ...result, index, stats: { ...result.stats, wallSeconds } });
  };
  await inParts(work, commit);
}

/** Streams the rows of the parts that are missing, and hands each part on; a few at a time. */
async function inParts(
  work: Work,
  handle: (index: number, rows: readonly HistoryRow[]) => Promise<void>,
): Promise<void> {
  const { run, options, events, rows } = work;
  const { partSize } = options;
  const parts = Math.ceil(rows / partSize);
  let first = 0;
  while (first < parts && run.committed.has(first)) first++;
  const window = {
    path: options.histories,
    offset: first * partSize,
    limit: rows - first * partSize,
    chunkRows: partSize,
  };
  const active = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let index = first;
  if (first < parts) {
    for await (const part of readHistories(window)) {
      events.signal.throwIfAborted();
      if (!run.committed.has(index)) {
        const task: Promise<void> = handle(index, part)
          .catch((error: unknown) => void failures.push(error))
          .finally(() => active.delete(task));
        active.add(task);
        if (active.size >= PARTS_AT_ONCE) await Promise.race(active);
      }
      if (failures.length > 0) break;
      index++;
    }
  }
  await Promise.all(active);
  if (failures.length > 0) throw failures[0];
}

function callsOf(outcomes: readonly SearchOutcome[]): number {
  return outcomes.reduce((sum, { cost }) => sum + cost.calls, 0);
}
