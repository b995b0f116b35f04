import { type HistoryRow, listsHash, type Recommendation } from "@nightbeam/dataset";
import {
  candidatesLine,
  openRowJoin,
  parseCandidatesLine,
  type RowValue,
  type UserCandidates,
  type ValueBatch,
} from "@nightbeam/run";
import { listsAt, scanLists } from "../models/read-lists.js";
import {
  badCandidates,
  type CandidateCatalogues,
  type CandidateFacts,
  type CandidateSettings,
  candidateFacts,
  newItemsOf,
  strangeUsers,
} from "./read-candidates.js";

/** Joins the candidates of a cluster's run with its rows, while it is planned. */
export interface CandidateJoin {
  readonly facts: CandidateFacts;
  /** Notes rows; all of them, before `rows`. */
  want(rows: readonly HistoryRow[]): void;
  /**
   * Reads the candidates again, and streams those of the rows in batches, ascending by row.
   *
   * @throws RecommendError BAD_CANDIDATES at the end, if no row has any, or if they were changed in between; DatasetError,
   * RunError; the signal's reason
   */
  rows(run: {
    /** Rows of the run; others that were noted are left out. */
    readonly inputRows: number;
    /** Called now and then. */
    readonly onProgress: () => void;
  }): AsyncGenerator<readonly RowValue<UserCandidates>[]>;
  close(): Promise<void>;
}

/**
 * Reads the candidates of a run once, and keeps only who has some: memory stays flat for any number of users. Undefined if
 * the settings name none. The caller closes it.
 *
 * @throws RecommendError BAD_CANDIDATES, as `readCandidates`; DatasetError, RunError; the signal's reason
 */
export async function openCandidateJoin(
  settings: CandidateSettings,
  options: CandidateCatalogues & {
    /** Called now and then while lists are read. */
    readonly onProgress: () => void;
    readonly signal: AbortSignal;
  },
): Promise<CandidateJoin | undefined> {
  const { candidates: path } = settings;
  if (path === undefined) return undefined;
  const { searched: catalogue, signal } = options;
  const isNew = await newItemsOf(settings, options);
  const join = await openRowJoin<UserCandidates>({
    // As in memory, where a later list of a user replaces an earlier one.
    counts: "last",
    pack: (one) => Buffer.from(candidatesLine(one)),
    unpack: (bytes) => parseCandidatesLine(Buffer.from(bytes).toString("utf8")),
  });
  const batches = async function* (
    onProgress: () => void,
  ): AsyncGenerator<ValueBatch<Recommendation>> {
    let position = 0;
    for await (const values of listsAt(path)) {
      signal.throwIfAborted();
      onProgress();
      yield { position, values };
      position += values.length;
    }
  };
  const kept = async function* () {
    for await (const batch of batches(options.onProgress)) {
      join.keep(batch);
      yield batch.values;
    }
  };
  const candidatesOf = ({ user, items }: Recommendation): UserCandidates => {
    const known: string[] = [];
    const fresh: string[] = [];
    for (const { item } of items) {
      const index = catalogue.itemIndex(item);
      if (index === undefined) continue;
      known.push(item);
      if (isNew?.(catalogue.leafOf(index)) === true) fresh.push(item);
    }
    return { user, items: known, ...(isNew === undefined ? {} : { new: fresh }) };
  };
  try {
    const facts = candidateFacts(settings, await scanLists(kept(), { catalogue, isNew, signal }));
    let users = 0;
    return {
      facts,
      want: (rows) => {
        join.want(rows);
        for (const { kind } of rows) if (kind === "history") users++;
      },
      rows: async function* ({ inputRows, onProgress }) {
        const hash = listsHash();
        const values = async function* () {
          for await (const { position, values } of batches(onProgress)) {
            hash.add(values);
            yield { position, values: values.map(candidatesOf) };
          }
        };
        let found = 0;
        for await (const batch of join.values(values())) {
          const some = batch.filter(({ row }) => row < inputRows);
          found += some.length;
          yield some;
        }
        if (hash.digest() !== facts.version) {
          throw badCandidates(settings, "it was changed while it was read; submit the run again");
        }
        if (found === 0 && users > 0) throw strangeUsers(settings, facts.counts);
      },
      close: () => join.close(),
    };
  } catch (error) {
    await join.close();
    throw error;
  }
}
