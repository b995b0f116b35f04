import {
  assertInputs,
  countInputs,
  createRequest,
  finishRun,
  mapAtMost,
  markCancelled,
  markPartial,
  markPaused,
  openJournal,
  type PartRecord,
  type Prices,
  probeStore,
  type ReuseNote,
  type RunOrigin,
  type RunTotals,
  readRequest,
  readReuse,
  refuseForeignRun,
  removeInputs,
  removeRun,
  reopenRun,
  replaceRequest,
  runCost,
  runFigures,
  runState,
  sweepAttempts,
  uncommitShards,
  unpauseRun,
} from "@nightbeam/run";
import { type OpenedStore, openStore } from "@nightbeam/store";
import { measuredStore, type Recorder } from "@nightbeam/telemetry";
import type { RunOutput } from "./run-output.js";

/** The output locations of runs, each opened once. */
export interface RunOutputs {
  /** @throws StoreError BAD_LOCATION */
  open(location: string): Promise<RunOutput>;
  close(): void;
}

export interface OutputsOptions {
  /** What nodes cost. */
  readonly prices?: Prices | undefined;
  /** Measures the operations of the stores. */
  readonly metrics: Recorder;
}

/** Commit records read at the same time. */
const READS_AT_ONCE = 16;
/** Maximum of open locations. Each may hold connections, and the commit records of a run. */
const MAX_OPEN = 64;

export function runOutputs({ prices, metrics }: OutputsOptions): RunOutputs {
  const opened = new Map<string, Promise<{ store: OpenedStore; output: RunOutput }>>();
  const shut = (location: string) => {
    const one = opened.get(location);
    opened.delete(location);
    one?.then(({ store }) => store.close()).catch(() => undefined);
  };
  return {
    open: async (location) => {
      const known = opened.get(location);
      const opening =
        known ??
        openStore(location).then((opened) => {
          const store = measuredStore(opened, metrics);
          return { store, output: runOutput(store, prices) };
        });
      // Moved to the end of the order, so that the first is the least recently used one.
      opened.delete(location);
      opened.set(location, opening);
      const [oldest] = opened.keys();
      if (opened.size > MAX_OPEN && oldest !== undefined) shut(oldest);
      try {
        return (await opening).output;
      } catch (error) {
        opened.delete(location);
        throw error;
      }
    },
    close: () => {
      for (const location of [...opened.keys()]) shut(location);
    },
  };
}

function runOutput(store: OpenedStore, prices: Prices | undefined): RunOutput {
  const journal = openJournal(store);
  // A record is read once: it changes only by being removed, see `uncommit`.
  const records = new Map<number, PartRecord>();
  // Written before the plan or with it, so of a planned run they do not change.
  let reuse: { readonly note: ReuseNote | undefined } | undefined;
  let origin: { readonly read: RunOrigin | undefined } | undefined;
  const commits = async () => {
    const all: PartRecord[] = [];
    const unread: number[] = [];
    const listed = await journal.listCommits();
    const present = new Set(listed);
    for (const index of records.keys()) if (!present.has(index)) records.delete(index);
    for (const index of listed) {
      const known = records.get(index);
      if (known === undefined) unread.push(index);
      else all.push(known);
    }
    const read = await mapAtMost(READS_AT_ONCE, unread, journal.readCommit);
    for (const record of read) {
      if (record === undefined) continue;
      records.set(record.index, record);
      all.push(record);
    }
    return all;
  };
  const costOf = (of: readonly PartRecord[]) => runCost(of, prices);
  return {
    location: store.location,
    store,
    standing: () => runState(store),
    probe: () => probeStore(store),
    request: () => readRequest(store),
    refuseForeignRun: () => refuseForeignRun(store),
    replaceRequest: (request, submittedAt) => replaceRequest(store, { request, submittedAt }),
    claim: (request, submittedAt) => createRequest(store, { request, submittedAt }),
    commits,
    manifest: () => journal.readManifest(),
    reuse: async () => {
      reuse ??= { note: await readReuse(store) };
      return reuse.note;
    },
    candidates: async () => {
      origin ??= { read: await journal.readOrigin() };
      return origin.read?.candidates;
    },
    cancel: async (at) => {
      await markCancelled(store, { now: at });
    },
    pause: (at) => markPaused(store, { now: at }),
    unpause: () => unpauseRun(store),
    setAside: async (at, causes) => {
      await markPartial(store, { now: at, causes });
    },
    reopen: async () => {
      await reopenRun(store);
    },
    assertInputs: (shards) => assertInputs(store, shards),
    uncommit: async (shards) => {
      for (const index of shards) records.delete(index);
      await uncommitShards(store, shards);
      for (const index of shards) records.delete(index);
    },
    countInputs: () => countInputs(store),
    removeInputs: () => removeInputs(store),
    removeRun: async () => {
      records.clear();
      reuse = undefined;
      origin = undefined;
      await removeRun(store);
    },
    costOf,
    finish: async (wallSeconds) => {
      const derive = (totals: RunTotals) => {
        const stats = { ...totals.stats, wallSeconds };
        return { wallSeconds, ...runFigures({ ...totals, stats }) };
      };
      await finishRun(store, { derive, costOf });
      await sweepAttempts(store);
    },
  };
}
