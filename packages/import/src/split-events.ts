import type { DuckDBConnection } from "@duckdb/node-api";
import { queryNumber } from "@nightbeam/dataset";
import { KEY_STEP } from "./filter-events.js";

/** Shares of train, valid and test: whole numbers, the first above 0. */
export type Shares = readonly [train: number, valid: number, test: number];

/** How events are split. */
export interface Split {
  /** An SQL expression over `events`: 0 for train, 1 for valid, 2 for test. */
  readonly part: string;
  /** The first moments of valid and test, in milliseconds; undefined if the split is not by time. */
  readonly validFrom: number | undefined;
  readonly testFrom: number | undefined;
}

/**
 * Splits as the data of the AtSpeed paper: valid begins at one moment for all users, and test at
 * another, so that the parts have their shares of all events. Events of one moment stay together, in
 * the later part.
 *
 * Events without times are split per user instead: the first share of each user's events, the second,
 * the rest.
 */
export async function splitEvents(
  connection: DuckDBConnection,
  options: { readonly shares: Shares; readonly dated: boolean },
): Promise<Split> {
  const [train, valid, test] = options.shares;
  const all = train + valid + test;
  if (!options.dated) {
    const row = "row_number() OVER (PARTITION BY u ORDER BY key) - 1";
    const before = (share: number) => `count(*) OVER (PARTITION BY u) * ${share} // ${all}`;
    return {
      part: caseOf(`${row} < ${before(train)}`, `${row} < ${before(train + valid)}`),
      validFrom: undefined,
      testFrom: undefined,
    };
  }
  const count = await queryNumber(connection, "SELECT count(*) FROM events");
  const momentAt = async (share: number): Promise<number | undefined> => {
    const place = Math.floor((count * share) / all);
    if (place >= count) return undefined;
    return await queryNumber(
      connection,
      `SELECT CAST(key // ${KEY_STEP} AS BIGINT) FROM events ORDER BY key LIMIT 1 OFFSET ${place}`,
    );
  };
  const validFrom = await momentAt(train);
  const testFrom = await momentAt(train + valid);
  const before = (moment: number | undefined) =>
    moment === undefined ? "true" : `key < ${moment} * ${KEY_STEP}`;
  return { part: caseOf(before(validFrom), before(testFrom)), validFrom, testFrom };
}

function caseOf(train: string, valid: string): string {
  return `CASE WHEN ${train} THEN 0 WHEN ${valid} THEN 1 ELSE 2 END`;
}
