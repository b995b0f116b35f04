import { type DuckDbOptions, type HistoryRow, UserJoin } from "@nightbeam/dataset";
import type { ShardStore } from "@nightbeam/store";
import { type KeptAnswer, packAnswer, unpackAnswer } from "./answers-file.js";
import { type KeptPart, keptAnswers, type RunAnswers } from "./kept-answers.js";

/** What a row's user may take from an earlier run. */
export interface RowAnswer {
  readonly row: number;
  readonly answer: KeptAnswer;
}

/**
 * Joins the answers of an earlier run with the rows of a new one, by user. Memory stays flat: users are joined by DuckDB, and
 * answers are streamed. If the histories are in the order of that run's, as they usually are, its files are read one after
 * the other; otherwise the answers are sorted on disk.
 */
export interface AnswerJoin {
  /** Adds rows, before the first answer is read. */
  want(rows: readonly HistoryRow[]): void;
  /**
   * Streams what the rows may take, ascending by row. A user who had several rows has the answer of the first one.
   *
   * @throws RunError RUN_DAMAGED; StoreError; DatasetError; the signal's reason
   */
  answers(signal: AbortSignal): AsyncGenerator<readonly RowAnswer[]>;
  close(): Promise<void>;
}

/** The caller closes it. @throws DatasetError BAD_OPTION */
export async function openAnswerJoin(
  store: Pick<ShardStore, "location" | "read">,
  {
    manifest,
    duckdb,
  }: { readonly manifest: RunAnswers; readonly duckdb?: DuckDbOptions | undefined },
): Promise<AnswerJoin> {
  const join = await UserJoin.open(duckdb);
  const kept = async function* (signal: AbortSignal): AsyncGenerator<KeptPart> {
    for await (const part of keptAnswers(store, manifest)) {
      signal.throwIfAborted();
      yield part;
    }
  };
  return {
    want: (rows) => {
      for (const row of rows) if (row.kind === "history") join.want(row.row, row.user);
    },
    answers: async function* (signal) {
      for await (const { position, answers } of kept(signal)) {
        for (const [at, { user }] of answers.entries()) join.keep(position + at, user);
      }
      yield* (await join.inOrder()) ? inOrder(join, kept(signal)) : sorted(join, kept(signal));
    },
    close: () => join.close(),
  };
}

/** Positions ascend with the rows: both are read once, side by side. */
async function* inOrder(
  join: UserJoin,
  kept: AsyncGenerator<KeptPart>,
): AsyncGenerator<readonly RowAnswer[]> {
  let part: KeptPart = { position: 0, answers: [] };
  for await (const matches of join.matches()) {
    const found: RowAnswer[] = [];
    for (const { row, position } of matches) {
      while (position >= part.position + part.answers.length) {
        const next = await kept.next();
        if (next.done === true) return yield found;
        part = next.value;
      }
      const answer = part.answers[position - part.position];
      if (answer !== undefined) found.push({ row, answer });
    }
    yield found;
  }
}

async function* sorted(
  join: UserJoin,
  kept: AsyncGenerator<KeptPart>,
): AsyncGenerator<readonly RowAnswer[]> {
  const values = async function* () {
    for await (const { position, answers } of kept) {
      for (const [at, answer] of answers.entries()) {
        yield { position: position + at, bytes: packAnswer(answer) };
      }
    }
  };
  for await (const batch of join.sorted(values())) {
    yield batch.map(({ row, bytes }) => ({ row, answer: unpackAnswer(bytes) }));
  }
}
