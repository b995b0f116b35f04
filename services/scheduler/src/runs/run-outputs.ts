import {
  createRequest,
  finishRun,
  mapAtMost,
  markCancelled,
  markPartial,
  markPaused,
  openJournal,
  type PartRecord,
  type RunTotals,
  readRequest,
  refuseForeignRun,
  reopenRun,
  replaceRequest,
  runFigures,
  runState,
  sweepAttempts,
  unpauseRun,
} from "@nightbeam/run";
import { type OpenedStore, openStore } from "@nightbeam/store";
import type { RunOutput } from "./run-output.js";

/** The output locations of runs, each opened once. */
export interface RunOutputs {
  /** @throws StoreError BAD_LOCATION */
  open(location: string): Promise<RunOutput>;
  close(): void;
}

/** Commit records read at the same time. */
const READS_AT_ONCE = 16;
/** Maximum of open locations. Each may hold connections, and the commit records of a run. */
const MAX_OPEN = 64;

export function runOutputs(): RunOutputs {
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
        known ?? openStore(location).then((store) => ({ store, output: runOutput(store) }));
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

function runOutput(store: OpenedStore): RunOutput {
  const journal = openJournal(store);
  // A record never changes, so it is read once.
  const records = new Map<number, PartRecord>();
  const commits = async () => {
    const all: PartRecord[] = [];
    const unread: number[] = [];
    for (const index of await journal.listCommits()) {
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
  return {
    location: store.location,
    store,
    standing: () => runState(store),
    request: () => readRequest(store),
    refuseForeignRun: () => refuseForeignRun(store),
    replaceRequest: (request, submittedAt) => replaceRequest(store, { request, submittedAt }),
    claim: (request, submittedAt) => createRequest(store, { request, submittedAt }),
    commits,
    manifest: () => journal.readManifest(),
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
    finish: async (wallSeconds) => {
      const derive = (totals: RunTotals) => {
        const stats = { ...totals.stats, wallSeconds };
        return { wallSeconds, ...runFigures({ ...totals, stats }) };
      };
      await finishRun(store, { derive });
      await sweepAttempts(store);
    },
  };
}
