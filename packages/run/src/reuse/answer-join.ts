import type { DuckDbOptions } from "@nightbeam/dataset";
import type { ShardStore } from "@nightbeam/store";
import { openRowJoin, type RowJoin, type RowValue } from "../records/row-join.js";
import { type KeptAnswer, packAnswer, unpackAnswer } from "./answers-file.js";
import { keptAnswers, type RunAnswers } from "./kept-answers.js";

/** Joins the answers of an earlier run with the rows of a new one, by user. */
export interface AnswerJoin extends Pick<RowJoin<KeptAnswer>, "want" | "close"> {
  /**
   * Streams what the rows may take, ascending by row. A user who had several rows has the answer of the first one.
   *
   * @throws RunError RUN_DAMAGED; StoreError; DatasetError; the signal's reason
   */
  answers(signal: AbortSignal): AsyncGenerator<readonly RowValue<KeptAnswer>[]>;
}

/** The caller closes it. @throws DatasetError BAD_OPTION */
export async function openAnswerJoin(
  store: Pick<ShardStore, "location" | "read">,
  {
    manifest,
    duckdb,
  }: { readonly manifest: RunAnswers; readonly duckdb?: DuckDbOptions | undefined },
): Promise<AnswerJoin> {
  const join = await openRowJoin<KeptAnswer>({ ...duckdb, pack: packAnswer, unpack: unpackAnswer });
  const kept = async function* (signal: AbortSignal) {
    for await (const part of keptAnswers(store, manifest)) {
      signal.throwIfAborted();
      yield part;
    }
  };
  return {
    want: (rows) => join.want(rows),
    answers: async function* (signal) {
      for await (const part of kept(signal)) join.keep(part);
      yield* join.values(kept(signal));
    },
    close: () => join.close(),
  };
}
