import { type HistoryRow, UserJoin, type UserJoinOptions } from "@nightbeam/dataset";

/** Values of users, at consecutive positions. Positions ascend from one batch to the next. */
export interface ValueBatch<Value> {
  /** Of the first one. */
  readonly position: number;
  readonly values: readonly Value[];
}

/** What a row has, by its user. */
export interface RowValue<Value> {
  readonly row: number;
  readonly value: Value;
}

/**
 * Joins values of users with the rows of a run. Memory stays flat: users are joined by DuckDB, and values are streamed. If
 * values and rows are in the same order of users, as they usually are, both are read side by side; otherwise values are
 * sorted on disk. First add all users, in any order, then read.
 */
export interface RowJoin<Value> {
  /** Adds rows. */
  want(rows: readonly HistoryRow[]): void;
  /** Adds the users of values, which are not kept in memory. */
  keep(batch: ValueBatch<{ readonly user: string }>): void;
  /**
   * Streams what the rows have, ascending by row.
   *
   * @param batches the values again, as they were added
   * @throws DatasetError; what `batches` throws
   */
  values(batches: AsyncIterable<ValueBatch<Value>>): AsyncGenerator<readonly RowValue<Value>[]>;
  close(): Promise<void>;
}

export interface RowJoinOptions<Value> extends UserJoinOptions {
  readonly pack: (value: Value) => Uint8Array;
  readonly unpack: (bytes: Uint8Array) => Value;
}

/** The caller closes it. @throws DatasetError BAD_OPTION */
export async function openRowJoin<Value extends { readonly user: string }>({
  pack,
  unpack,
  ...options
}: RowJoinOptions<Value>): Promise<RowJoin<Value>> {
  const join = await UserJoin.open(options);
  return {
    want: (rows) => {
      for (const row of rows) if (row.kind === "history") join.want(row.row, row.user);
    },
    keep: ({ position, values }) => {
      for (const [at, { user }] of values.entries()) join.keep(position + at, user);
    },
    values: async function* (batches) {
      yield* (await join.inOrder()) ? inOrder(join, batches) : sorted();

      async function* sorted(): AsyncGenerator<readonly RowValue<Value>[]> {
        const packed = async function* () {
          for await (const { position, values } of batches) {
            for (const [at, value] of values.entries()) {
              yield { position: position + at, bytes: pack(value) };
            }
          }
        };
        for await (const batch of join.sorted(packed())) {
          yield batch.map(({ row, bytes }) => ({ row, value: unpack(bytes) }));
        }
      }
    },
    close: () => join.close(),
  };
}

/** Positions ascend with the rows: both are read once, side by side. The batches are read to their end. */
async function* inOrder<Value>(
  join: UserJoin,
  batches: AsyncIterable<ValueBatch<Value>>,
): AsyncGenerator<readonly RowValue<Value>[]> {
  const source = batches[Symbol.asyncIterator]();
  let batch: ValueBatch<Value> = { position: 0, values: [] };
  for await (const matches of join.matches()) {
    const found: RowValue<Value>[] = [];
    for (const { row, position } of matches) {
      while (position >= batch.position + batch.values.length) {
        const next = await source.next();
        if (next.done === true) return yield found;
        batch = next.value;
      }
      const value = batch.values[position - batch.position];
      if (value !== undefined) found.push({ row, value });
    }
    yield found;
  }
  while ((await source.next()).done !== true);
}
