import { BIGINT, UTINYINT, VARCHAR } from "@duckdb/node-api";
import { TableWriter } from "../duckdb/append.js";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { streamColumns, withDuckDb } from "../duckdb/open-duckdb.js";
import { numberValue, textValue } from "../duckdb/values.js";
import { DatasetError } from "../errors.js";
import type { HistoryRow } from "../histories/history-row.js";
import type { Recommendation } from "../recommendations/recommendation.js";
import { Averages, type RankingAtK } from "./averages.js";
import { type SeenItems, seenItems, type UnseenReport, UnseenTally } from "./unseen.js";

/** The result of an evaluation. */
export interface RankingReport {
  /** In ascending order of K. All zero if no user could be evaluated. */
  readonly metrics: readonly RankingAtK[];
  /** Users with a list and at least one held-out item; the averages are over these. */
  readonly users: number;
  /** Users with held-out items but no list; not in the averages. */
  readonly withoutList: number;
  /** Users with a list but no held-out items. */
  readonly withoutHeldOut: number;
  /** Unusable rows of the held-out input. */
  readonly rejectedHeldOut: number;
  /** The same for items that are in no training history, if `trainedOn` was given. */
  readonly unseen?: UnseenReport;
}

/** Two inputs in two tables of the same shape; held-out items sort before the lists of the same user. */
const HELD_OUT = 0;
const LIST = 1;

/**
 * Computes recall@K, NDCG@K and hit rate@K over all users (formulas: `scoreRanking`). Both inputs are
 * streams, in any order. They are joined by user in a sort that spills to disk, so memory does not grow
 * with them. The held-out rows of a user are merged; of several lists of a user the first one counts.
 *
 * @param options.ks cut-offs, such as [5, 10, 20]
 * @param options.trainedOn the training histories of the models: unseen items are reported separately
 * @throws DatasetError BAD_OPTION, and the errors of reading the inputs
 */
export function evaluateRanking(options: {
  readonly recommendations: AsyncIterable<readonly Recommendation[]>;
  readonly heldOut: AsyncIterable<readonly HistoryRow[]>;
  readonly trainedOn?: AsyncIterable<readonly HistoryRow[]> | undefined;
  readonly ks: readonly number[];
  readonly duckdb?: DuckDbOptions;
}): Promise<RankingReport> {
  const ks = checkedCutOffs(options.ks);
  return withDuckDb(options.duckdb, async (connection) => {
    await connection.run(
      'CREATE TABLE entries ("user" VARCHAR, side UTINYINT, place BIGINT, items VARCHAR)',
    );
    const types = [VARCHAR, UTINYINT, BIGINT, VARCHAR];
    const writer = await TableWriter.open({ connection, table: "entries", types });
    const deepest = ks.at(-1) ?? 0;
    let rejectedHeldOut = 0;
    for await (const rows of options.heldOut) {
      for (const row of rows) {
        if (row.kind === "rejected") rejectedHeldOut++;
        else writer.add([row.user, HELD_OUT, BigInt(row.row), JSON.stringify(row.items)]);
      }
    }
    for await (const recommendations of options.recommendations) {
      for (const { user, items } of recommendations) {
        const list = items.slice(0, deepest).map(({ item }) => item);
        writer.add([user, LIST, BigInt(writer.rows), JSON.stringify(list)]);
      }
    }
    writer.close();
    const seen = options.trainedOn === undefined ? undefined : await seenItems(options.trainedOn);
    const tally = new Tally(ks, seen);
    const sql = 'SELECT "user", side, items FROM entries ORDER BY "user", side, place';
    for await (const [users = [], sides = [], items = []] of streamColumns(connection, {
      sql,
      path: "the evaluation's tables",
    })) {
      for (const [place, user] of users.entries()) {
        tally.add({
          user: textValue(user) ?? "",
          side: numberValue(sides[place]),
          items: parseItems(textValue(items[place])),
        });
      }
    }
    return { ...tally.report(), rejectedHeldOut };
  });
}

function checkedCutOffs(ks: readonly number[]): number[] {
  if (ks.length > 0 && ks.every((k) => Number.isSafeInteger(k) && k >= 1)) {
    return [...new Set(ks)].toSorted((a, b) => a - b);
  }
  throw new DatasetError(
    "BAD_OPTION",
    `ks is [${ks.join(", ")}]; give at least one cut-off, each a whole number >= 1.`,
  );
}

function parseItems(text: string | null): string[] {
  const items: unknown = JSON.parse(text ?? "[]");
  return Array.isArray(items) ? items.filter((item) => typeof item === "string") : [];
}

/** Adds up users. The entries of a user are adjacent, held-out items first. */
class Tally {
  readonly #averages: Averages;
  readonly #unseen: UnseenTally | undefined;
  #user: string | undefined;
  #heldOut = new Set<string>();
  #list: readonly string[] | undefined;
  #withoutList = 0;
  #withoutHeldOut = 0;

  constructor(ks: readonly number[], seen: SeenItems | undefined) {
    this.#averages = new Averages(ks);
    this.#unseen = seen === undefined ? undefined : new UnseenTally(ks, seen);
  }

  add(entry: { user: string; side: number; items: readonly string[] }): void {
    if (entry.user !== this.#user) this.#closeUser();
    this.#user = entry.user;
    if (entry.side === LIST) this.#list ??= entry.items;
    else for (const item of entry.items) this.#heldOut.add(item);
  }

  report(): Omit<RankingReport, "rejectedHeldOut"> {
    this.#closeUser();
    const unseen = this.#unseen?.report();
    return {
      metrics: this.#averages.metrics(),
      users: this.#averages.users,
      withoutList: this.#withoutList,
      withoutHeldOut: this.#withoutHeldOut,
      ...(unseen === undefined ? {} : { unseen }),
    };
  }

  #closeUser(): void {
    if (this.#user === undefined) return;
    const heldOut = this.#heldOut;
    const list = this.#list;
    if (list !== undefined) this.#unseen?.add({ list, heldOut });
    if (list === undefined) this.#withoutList++;
    else if (heldOut.size === 0) this.#withoutHeldOut++;
    else this.#averages.add({ list, heldOut });
    this.#user = undefined;
    this.#heldOut = new Set();
    this.#list = undefined;
  }
}
